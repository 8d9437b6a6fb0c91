import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileContent } from '../compile/content.ts';
import { loadContent } from '../load.ts';

const DATA = {
  profile: { name: '<b>Ada</b>', birth: '2000-02-29' },
  context: {
    due: '2026-11-21T23:30:00+01:00',
    prices: ['12.5', 7, 'x', null, 30],
    tags: ['a', 'b'],
    order: { number: '4711', total: 1234.5 },
    mail: 'ada@shop.example',
  },
};

async function print(source: string, escaping: 'html' | 'none' = 'none'): Promise<string> {
  const { compiled, problems } = await compileContent({ text: { format: 'liquid', escape: escaping, source } });
  assert.ok(compiled, JSON.stringify(problems));
  const rendered = loadContent(compiled).render(DATA);
  assert.ok('parts' in rendered, JSON.stringify(rendered));
  return rendered.parts.text!;
}
const blanks = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

test('a value is escaped in HTML and printed as it is elsewhere (F097)', async () => {
  assert.equal(await print('{{ profile.name }}', 'html'), '&lt;b&gt;Ada&lt;/b&gt;');
  assert.equal(await print('{{ profile.name }}'), '<b>Ada</b>');
});

test('dates, numbers and money are written as a language writes them (F098)', async () => {
  const cases: [string, string][] = [
    ['{{ context.due | format_date: "EEEE d MMMM yyyy", "fr" }}', 'samedi 21 novembre 2026'],
    ['{{ context.order.total | currency: "EUR", "fr-FR" }}', '1 234,50 €'],
    ['{{ context.order.total | currency: "EUR", "de-DE" }}', '1.234,50 €'],
    ['{{ context.order.total | number_format: "de-DE" }}', '1.234,5'],
    ['{{ 0.256 | percent: "de-DE", 1 }}', '25,6 %'],
    ['{{ "x" | percent }}', 'x'],
  ];
  for (const [source, expected] of cases) assert.equal(blanks(await print(source)), expected, source);
});

test('what is missing prints its default (F099)', async () => {
  assert.equal(await print('Hello {{ profile.nick | default: "there" }}'), 'Hello there');
  assert.equal(await print('Hello {{ profile.name | default: "there" }}'), 'Hello <b>Ada</b>');
});

test('dates are reckoned at the offset they were written with (F098)', async () => {
  const cases: [string, string][] = [
    ['{{ context.due | date_add: 1, "hour" }}', '2026-11-22T00:30:00.000+01:00'],
    ['{{ "2026-01-31" | date_add: 1, "months" | date: "%Y-%m-%d" }}', '2026-02-28'],
    ['{{ "2024-02-29" | date_add: 1, "year" | date: "%Y-%m-%d" }}', '2025-02-28'],
    ['{{ "2026-11-01" | date_diff: "2026-11-21" }}', '20'],
    ['{{ "2026-11-21" | date_diff: "2026-11-01", "weeks" }}', '-2'],
    ['{{ "2025-02-28" | date_diff: "2026-02-27", "years" }}', '0'],
    ['{{ context.due | tz: "America/New_York" }}', '2026-11-21T17:30:00.000-05:00'],
    ['{{ "2026-11-22" | day_of_week }}', '7'],
    ['{{ "2027-01-01" | week_of_year }}', '53'],
    ['{{ "soon" | date_add: 1 }}', 'soon'],
    ['{{ "2026-01-01" | date_add: 99999999999, "years" }}', '2026-01-01'],
  ];
  for (const [source, expected] of cases) assert.equal(await print(source), expected, source);
});

test('arrays, objects and texts (F098)', async () => {
  const cases: [string, string][] = [
    ['{{ context.prices | average }} {{ context.prices | min }} {{ context.prices | max }}', '16.5 7 30'],
    ['{{ context.prices | top: 2 | join: "," }} {{ context.prices | bottom: 2 | join: "," }}', '30,12.5 7,12.5'],
    ['{{ context.tags | includes: "a" }} {{ context.tags | includes: "c" }}', 'true false'],
    ['{{ context.order | keys | join: "," }}', 'number,total'],
    ['{{ context.mail | email_domain }} {{ "https://shop.example/a?b" | url_path }}', 'shop.example /a'],
    ['{{ "ABC" | contains_i: "b" }} {{ "ABC" | starts_with: "b" }} {{ "abc" | index_of: "c" }}', 'true false 2'],
    ['{{ "yes" | to_bool }} {{ "0" | to_bool }} {{ "12.50" | to_number }}', 'true false 12.5'],
  ];
  for (const [source, expected] of cases) assert.equal(await print(source), expected, source);
});

test('a unit, zone or language that does not exist is found at activation', async () => {
  for (const source of [
    '{{ context.due | date_add: 1, "fortnights" }}',
    '{{ context.due | tz: "Nowhere/Zone" }}',
    '{{ 1 | percent: "no-such-language-at-all" }}',
  ]) {
    const { compiled, problems } = await compileContent({ text: { format: 'liquid', escape: 'none', source } });
    assert.equal(compiled, undefined, source);
    assert.equal(problems[0]!.code, 'TPL-0001', source);
  }
});

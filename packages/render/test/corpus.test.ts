import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@outrigger/core';
import { renderBoth } from './both.ts';

const profile = JSON.parse(
  '{"person":{"name":{"firstName":"Ada","lastName":"O\'Hara"}},"tags":["b","a","c"],"empty":[],"vip":true,"nothing":null,"__proto__":{"polluted":"yes"}}',
);
const context: JsonObject = {
  total: 12.5,
  count: '3',
  html: '<b>"x" & \'y\'</b>',
  liquid: '{{ profile.person.name.firstName }}{% raw %}',
  date: '2026-11-21T10:42:00+01:00',
  items: [
    { name: 'Lamp', price: 89, tags: ['x'], meta: { on: true } },
    { name: 'Mug & cup', price: '14.9', tags: [], meta: null },
    { name: 'Hook', price: 9.5, discount: 2 },
  ],
  matrix: [
    [1, 2],
    [3, 4],
  ],
  object: { one: 1, two: { three: 3 } },
};

const CORPUS: Record<string, string[]> = {
  'values and paths': [
    '{{ profile.person.name.firstName }}',
    '{{ profile["person"].name[context.key] }}|{{ context.items[0].name }}|{{ context.items[-1].name }}|{{ context.items[9].name }}',
    '{{ context.items.size }} {{ context.items.first.name }} {{ context.items.last.name }} {{ context.html.size }} {{ context.object.size }}',
    '{{ context.matrix }} {{ context.object }} {{ context.items[0].meta }} {{ profile.nothing.deeper }} {{ missing.deep.er }}',
    '{{ "literal" }} {{ 3.50 }} {{ -1 }} {{ true }} {{ nil }} {{ empty }} {{ blank }} {{ (1..4) }}',
  ],
  'what hostile names give (E02, E03)': [
    '{{ profile.constructor }}{{ profile.__proto__.polluted }}{{ context.items.constructor }}{{ context.html["constructor"] }}{{ toString }}{{ __proto__ }}',
    '{{ context.items | map: "constructor" | join }}{{ context.items | sort: "__proto__" | size }}{{ context.items | where: "constructor" | size }}',
    '{{ context.items | group_by: "constructor" | json }}{{ context.object.hasOwnProperty }}{{ context.items | sum: "__proto__" }}',
  ],
  conditions: [
    '{% if profile.vip and context.count == "3" or false %}yes{% else %}no{% endif %}',
    '{% if context.count > 2 %}text against number{% endif %}{% if context.missing < 1 %}no{% endif %}{% if not profile.vip %}no{% endif %}',
    '{% if profile.tags contains "a" %}a{% endif %}{% if context.html contains "x" %}x{% endif %}{% if context.object contains "one" %}o{% endif %}',
    '{% if profile.empty == empty %}e{% endif %}{% if context.none == blank %}b{% endif %}{% if profile.nothing == nil %}n{% endif %}{% if "" == empty %}s{% endif %}',
    '{% if context.matrix[0] == context.matrix[0] %}same{% endif %}{% if profile.tags == empty %}no{% endif %}{% if nil > 1 %}no{% endif %}{% if 1 < empty %}no{% endif %}',
    '{% unless profile.vip %}a{% elsif context.total > 10 %}b{% else %}c{% endunless %}',
    '{% case context.total %}{% when 12.5 %}a{% when 1, 12.5 %}b{% else %}c{% endcase %}{% case context.none %}{% when nil %}n{% else %}x{% endcase %}',
    '{% if == 1 %}x{% endif %}',
    '{% if context.total context.count %}first operand{% endif %}',
  ],
  loops: [
    '{% for item in context.items %}{{ forloop.index }}/{{ forloop.length }}{{ forloop.first }}{{ forloop.last }}{{ forloop.rindex }}{{ forloop.rindex0 }} {{ item.name }};{% endfor %}',
    '{% for item in context.items limit: 1 offset: 1 %}{{ item.name }}{% endfor %}{% for i in (1..5) reversed %}{{ i }}{% endfor %}{% for i in (1..5) limit: context.count %}{{ i }}{% endfor %}',
    '{% for item in profile.empty %}x{% else %}none{% endfor %}{% for c in "word" %}[{{ c }}]{% endfor %}{% for n in 5 %}x{% else %}no{% endfor %}',
    '{% for pair in context.object %}{{ pair[0] }}={{ pair[1] }} {{ pair.first }};{% endfor %}',
    '{% for row in context.matrix %}{% for cell in row %}{% if cell == 3 %}{% break %}{% endif %}{{ forloop.index }}:{{ cell }} {% endfor %}{{ forloop.index }};{% endfor %}',
    '{% for i in (1..5) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}after',
    '{% for item in context.items offset: continue %}x{% endfor %}{% for item in context.items limit: 1 %}{{ item.name }}{% endfor %}{% for item in context.items offset: continue %}{{ item.name }}{% endfor %}',
    '{% for profile in context.items %}{{ profile.name }}{% endfor %}{{ profile.person.name.firstName }}{{ forloop.index }}{{ item }}',
    '{% for i in (1..3) %}{% cycle "odd", "even" %}{% endfor %}{% for item in context.items %}{{ forloop }}{% endfor %}',
    '{% break %}unseen',
  ],
  'assign and capture': [
    '{{ x }}{% assign x = context.total | plus: 1 %}{{ x }}{% assign profile = 1 %}{{ profile }}{{ profile.person }}',
    '{% for i in (1..2) %}{% assign last = i %}{% capture c %}<{{ i }}>{% endcapture %}{% endfor %}{{ last }}{{ c }}{{ c | raw }}',
    '{% assign x = nil %}{% if x == nil %}nil{% endif %}{{ x.y }}{% assign e = empty %}{% if e == "" %}empty{% endif %}{{ e }}{{ x | default: "d" }}',
    '{% assign size = 3 %}{{ size }}{{ first }}',
    '{% capture a %}x{% for i in (1..3) %}{{ i }}{% break %}{% endfor %}{% endcapture %}[{{ a }}]',
  ],
  'escaping and blanks': [
    '{{ context.html }} {{ context.html | raw }} {{ context.html | escape }} {{ context.html | escape_once }} {{ context.html | upcase | raw }}',
    ' a {{- context.total -}} b {%- if true -%} c {%- endif -%} d ',
    '{% raw %}{{ not }} {% liquid %}{% endraw %}{{ context.liquid }}{% comment %}{{ x }}{% endcomment %}{% # note %}',
  ],
  filters: [
    '{{ context.date | date: "%A %-d. %B %Y, %H:%M %z" }} {{ context.date | date: "%s", "Asia/Tokyo" }} {{ "junk" | date: "%Y" }} {{ context.date | date }}',
    '{{ context.items | map: "price" | join: ", " }} {{ context.items | sort: "price" | map: "name" | join }} {{ context.items | where: "meta.on", true | size }}',
    '{{ context.items | sum: "price" }} {{ context.items | find: "name", "Hook" | json }} {{ context.items | has: "discount" }} {{ context.items | group_by: "discount" | json }}',
    '{{ context.total | times: context.count | round: 1 }} {{ 2.5 | round }} {{ -2.5 | round }} {{ 1.005 | round: 2 }} {{ "7" | divided_by: 2 | floor }} {{ 5 | divided_by: 0 }}',
    '{{ context.total | currency: "EUR", "de-DE" }} {{ "1234.5" | currency }} {{ "x" | currency }} {{ 1234567.891 | number_format: "en-IN" }} {{ 5 | number_format: "sv", 2 }}',
    '{{ context.date | format_date: "EEEE d MMMM yyyy", "fr" }} {{ context.date | format_date: "d. MMMM", "pl", "UTC" }} {{ context.date | format_date: "bb" }}',
    '{{ "ada o\'hara-smith" | title_case }} {{ "4929123456781881" | mask }} {{ "secret" | mask: 1, 1 }} {{ nil | mask }} {{ context.html | strip_html }}',
    '{{ false | default: "d", allow_false: true }} {{ nil | default: context.count }} {{ profile.tags | default: "x" }} {{ "" | default: "y" }}',
  ],
  'filters over dates': [
    '{{ context.date | date_add: 3, "days" | date: "%Y-%m-%d %H:%M %z" }} {{ "2026-01-31" | date_add: 1, "month" }} {{ "2024-02-29" | date_add: -1, "years" }} {{ "junk" | date_add: 1 }}',
    '{{ "2026-01-31" | date_diff: "2026-03-01" }} {{ "2026-01-31" | date_diff: "2026-03-30", "months" }} {{ "2026-03-01" | date_diff: "2026-01-31", "weeks" }} {{ nil | date_diff: 1 }}',
    '{{ context.date | tz: "Asia/Tokyo" }} {{ "2026-11-22" | day_of_week }} {{ "2027-01-01" | week_of_year }} {{ "1815-12-10" | age | at_least: 200 }}',
  ],
  'filters over arrays and texts': [
    '{{ context.items | map: "price" | average }} {{ context.items | map: "price" | max }} {{ context.items | map: "price" | min }} {{ context.items | map: "price" | top: 2 | join: "," }} {{ profile.empty | max }}',
    '{{ profile.tags | includes: "a" }} {{ profile.tags | intersects: context.matrix }} {{ profile.empty | subset_of: profile.tags }} {{ context.object | keys | join }} {{ context.object | values | json }} {{ profile | keys | join }}',
    '{{ "ada@x.example" | email_domain }} {{ "https://Shop.example/a?b" | url_host }} {{ "junk" | url_host }} {{ "x" | md5 }} {{ "Straße" | contains_i: "STRA" }} {{ "12.5" | to_number }} {{ "no" | to_bool }} {{ 0.256 | percent: "de-DE", 1 }}',
  ],
  'failures (E11)': [
    '{{ context.date | date_add: 1, "fortnights" }}',
    '{{ context.date | tz: "Nowhere/Zone" }}',
    '{{ context.date | date: "%Y", "Nowhere/Zone" }}',
    '{{ "%E0" | url_decode }}',
    '{{ 1 | currency: "EURO" }}',
    '{{ "%%%" | base64_decode }}',
    '{{ context.date | date: "%999999999Y" }}',
    '{% for i in (1..1000000000) %}x{% endfor %}',
  ],
};

for (const [name, templates] of Object.entries(CORPUS)) {
  test(`both paths agree: ${name}`, () => {
    for (const source of templates) {
      for (const escaping of ['html', 'none'] as const) {
        const { reference, compiled } = renderBoth(source, escaping, { profile, context });
        if (compiled !== undefined) assert.deepEqual(compiled, reference, source);
      }
    }
  });
}

test('the compiler leaves only rare constructs to LiquidJS', () => {
  const left = Object.values(CORPUS)
    .flat()
    .filter((source) => renderBoth(source, 'html', { profile, context }).compiled === undefined);
  assert.deepEqual(left, [
    '{% if context.total context.count %}first operand{% endif %}',
    '{% for item in context.items offset: continue %}x{% endfor %}{% for item in context.items limit: 1 %}{{ item.name }}{% endfor %}{% for item in context.items offset: continue %}{{ item.name }}{% endfor %}',
    '{% for i in (1..3) %}{% cycle "odd", "even" %}{% endfor %}{% for item in context.items %}{{ forloop }}{% endfor %}',
    '{% assign size = 3 %}{{ size }}{{ first }}',
  ]);
});

test('names of the language give nothing away', () => {
  const source = CORPUS['what hostile names give (E02, E03)']![0]!;
  assert.deepEqual(renderBoth(source, 'html', { profile: {}, context }).compiled, { text: '' });
});

test('a value that looks like Liquid is printed, not evaluated (E17)', () => {
  const { compiled } = renderBoth('{{ context.liquid }}', 'none', { profile, context });
  assert.deepEqual(compiled, { text: context.liquid });
});

test('every failure of the corpus fails on both paths', () => {
  for (const source of CORPUS['failures (E11)']!) {
    const { reference, compiled } = renderBoth(source, 'html', { profile, context });
    assert.deepEqual({ reference, compiled }, { reference: { failed: true }, compiled: { failed: true } }, source);
  }
});

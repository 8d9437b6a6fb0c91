import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALLOWED_TAGS } from '../liquid/engine.ts';
import { FILTERS } from '../liquid/filters.ts';
import { compileContent, type PartSource } from './content.ts';

const liquid = (source: string, more: Partial<PartSource> = {}) =>
  compileContent({ body: { format: 'liquid', escape: 'none', source, ...more } });

async function refusal(source: string, more: Partial<PartSource> = {}) {
  const { compiled, problems } = await liquid(source, more);
  assert.equal(compiled, undefined, source);
  return problems[0]!;
}

test('a content compiles to plain JSON with its variables', async () => {
  const { compiled, problems } = await compileContent({
    subject: { format: 'liquid', escape: 'none', singleLine: true, source: 'Hi {{ profile.name }}' },
    text: { format: 'liquid', escape: 'none', source: '{{ context.a }}', maxBytes: 1500 },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(JSON.parse(JSON.stringify(compiled)), {
    v: 1,
    parts: {
      subject: { escape: 'none', source: 'Hi {{ profile.name }}', singleLine: true, maxBytes: 4000 },
      text: { escape: 'none', source: '{{ context.a }}', singleLine: false, maxBytes: 1500 },
    },
    variables: ['context.a', 'profile.name'],
  });
});

test('mistakes in Liquid are told with their line', async () => {
  for (const [source, line] of [
    ['{{ a', 1],
    ['x\n{% if a %}', 2],
    ['\n\n{% for x of y %}{% endfor %}', 3],
    ['{% endif %}', 1],
    ['{{ a || b }}', 1],
    ['a\n{% raw %}', 2],
    ['{% comment %}', 1],
  ] as const) {
    const problem = await refusal(source);
    assert.deepEqual([problem.code, problem.line, problem.part], ['TPL-0001', line, 'body'], problem.message);
  }
});

test('tags and filters outside the allowed set are refused by name (E09, S20)', async () => {
  for (const tag of [
    'render "x"',
    'include "x"',
    'layout "x"',
    'block b',
    'tablerow i in a',
    'liquid\n x',
    'echo a',
    'increment a',
    'decrement a',
    'nonsense',
  ]) {
    const problem = await refusal(`x\n{% ${tag} %}`);
    assert.deepEqual([problem.code, problem.line], ['TPL-0002', 2], tag);
    assert.ok(problem.message.includes(`"${tag.split(/\s/)[0]}"`), problem.message);
  }
  const filters = [
    'where_exp',
    'group_by_exp',
    'find_exp',
    'reject_exp',
    'has_exp',
    'find_index_exp',
    'sample',
    'inspect',
    'constructor',
    '__proto__',
    'toString',
  ];
  for (const filter of filters) {
    const problem = await refusal(`x\n\n{{ context.a | ${filter}: "i", "i.x" }}`);
    assert.deepEqual([problem.code, problem.line], ['TPL-0002', 3], filter);
  }
});

test('the allowed set changes only on purpose', () => {
  assert.deepEqual(ALLOWED_TAGS, [
    '#',
    'assign',
    'break',
    'capture',
    'case',
    'comment',
    'continue',
    'cycle',
    'for',
    'if',
    'metadata',
    'raw',
    'unless',
  ]);
  assert.equal(
    Object.keys(FILTERS).sort().join(' '),
    'abs age append array_to_sentence_string at_least at_most average base64_decode base64_encode bottom capitalize ceil cgi_escape compact concat contains_i currency date date_add date_diff date_to_rfc822 date_to_xmlschema day_of_week default divided_by downcase email_domain ends_with equals_i escape escape_once find find_index first floor format_date group_by has hmac_sha256 includes index_of intersects join json keys last lstrip map mask max md5 min minus modulo newline_to_br normalize_whitespace number_format number_of_words percent plus pop prepend push raw reject remove remove_first remove_last replace replace_first replace_last reverse round rstrip safe_url sha256 shift size slice slugify sort sort_natural split squish starts_with strip strip_html strip_newlines subset_of sum times title_case to_bool to_integer to_number top truncate truncatewords tz uniq unshift upcase uri_escape url_decode url_encode url_host url_path url_protocol values week_of_year where xml_escape',
  );
  for (const [name, filter] of Object.entries(FILTERS)) assert.ok(filter, `${name} is not a filter of this LiquidJS`);
});

test('literal arguments that can never work are refused at activation', async () => {
  for (const output of [
    '1 | currency: "EURO"',
    'context.a | number_format: "not a locale"',
    'context.a | date: "%Y", "Nowhere/Zone"',
    'context.a | format_date: "yyyy", "en", "Mars/Base"',
  ]) {
    const problem = await refusal(`\n{% if context.x %}{{ ${output} }}{% endif %}`);
    assert.deepEqual([problem.code, problem.line], ['TPL-0001', 2], problem.message);
  }
  assert.deepEqual((await liquid('{{ context.a | currency: context.code, context.locale }}')).problems, []);
});

test('templates too large or too deep are refused (E15)', async () => {
  assert.equal((await refusal('x'.repeat(1_000_000))).code, 'TPL-0003');
  assert.equal((await refusal('{% if a %}'.repeat(5000) + '{% endif %}'.repeat(5000))).code, 'TPL-0003');
});

test('a single line may not be written with line breaks', async () => {
  assert.equal((await refusal('a\nb', { singleLine: true })).code, 'TPL-0001');
});

test('a name that nothing sets is a warning', async () => {
  const { compiled, problems } = await liquid('\n{{ firstName }}');
  assert.ok(compiled);
  assert.deepEqual([problems[0]!.level, problems[0]!.line], ['WARNING', 2]);
  assert.match(problems[0]!.message, /"firstName"/);
});

test('HTML that mail clients clip is a warning (E32)', async () => {
  const { compiled, problems } = await liquid(`<p>${'x'.repeat(103_000)}</p>`, { escape: 'html' });
  assert.ok(compiled);
  assert.deepEqual(
    problems.map(({ level, code }) => [level, code]),
    [['WARNING', 'TPL-0003']],
  );
});

test('a problem in MJML is told with the line its author wrote', async () => {
  const source =
    '<mjml><mj-body><mj-section><mj-column>\n<mj-text>ok</mj-text>\n<mj-text><a href="javascript:x">a</a></mj-text></mj-column></mj-section></mj-body></mjml>';
  const { problems } = await compileContent({ html: { format: 'mjml', escape: 'html', source } });
  assert.deepEqual(
    problems.map(({ code, line }) => [code, line]),
    [['TPL-0005', 3]],
  );
});

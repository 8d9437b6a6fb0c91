import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { compileMjml } from './mjml.ts';

const body = (inner: string) => `<mjml><mj-body>${inner}</mj-body></mjml>`;
const column = (inner: string) => body(`<mj-section><mj-column>${inner}</mj-column></mj-section>`);

async function html(source: string): Promise<string> {
  const { html: compiled, findings } = await compileMjml(source);
  assert.ok(compiled !== undefined, JSON.stringify(findings));
  return compiled;
}

async function refusal(source: string): Promise<{ code: string; message: string; line?: number }> {
  const { html: compiled, findings } = await compileMjml(source);
  assert.equal(compiled, undefined);
  return findings[0]!;
}

test('tags in text, tables and attributes come out byte for byte', async () => {
  const tags = [
    '{% if a < b %}',
    '{{ a | default: "x & <b>" }}',
    '{% endif %}',
    "{{ x | append: '>' }}",
    '{% raw %}{{ "no" }}{% endraw %}',
  ];
  const compiled = await html(column(`<mj-text>${tags.join('\n')}</mj-text>`));
  for (const tag of tags) assert.equal(compiled.split(tag).length, 2, tag);
});

test('blocks between sections, columns and components are kept in place without mj-raw', async () => {
  const compiled = await html(
    body(
      '{% for s in context.sections %}<mj-section>{% if s.on %}<mj-column>{% for i in s.items %}<mj-text>{{ i }}</mj-text>{% endfor %}</mj-column>{% endif %}</mj-section>{% endfor %}',
    ),
  );
  const order = [...compiled.matchAll(/\{%.*?%\}|\{\{.*?\}\}/g)].map(([tag]) => tag);
  assert.deepEqual(order, [
    ...['{% for s in context.sections %}', '{% if s.on %}', '{% for i in s.items %}', '{{ i }}'],
    ...['{% endfor %}', '{% endif %}', '{% endfor %}'],
  ]);
});

test('double quotes inside an attribute do not cut the tag short', async () => {
  const compiled = await html(
    column('<mj-button href="{{ context.url | default: "https://a.example" }}">Go</mj-button>'),
  );
  assert.ok(compiled.includes('href="{{ context.url | default: "https://a.example" }}"'));
});

test('rows of a table loop inside mj-table', async () => {
  const compiled = await html(
    column('<mj-table>{% for i in context.items %}<tr><td>{{ i.name }}</td></tr>{% endfor %}</mj-table>'),
  );
  assert.ok(compiled.includes('{% for i in context.items %}<tr><td>{{ i.name }}</td></tr>{% endfor %}'));
});

test('a value in a colour, in the title and in the preview is kept', async () => {
  const compiled = await html(
    '<mjml><mj-head><mj-title>{{ context.t }}</mj-title><mj-preview>{{ context.p }}</mj-preview></mj-head>' +
      '<mj-body background-color="{{ context.c }}"><mj-section><mj-column><mj-text color="{{ context.d }}">x</mj-text></mj-column></mj-section></mj-body></mjml>',
  );
  for (const tag of ['{{ context.t }}', '{{ context.p }}', '{{ context.c }}', '{{ context.d }}'])
    assert.ok(compiled.includes(tag), tag);
});

test('assignments before the body are moved to the beginning', async () => {
  const compiled = await html(`{% assign n = context.items.size %}\n${column('<mj-text>{{ n }}</mj-text>')}`);
  assert.ok(compiled.startsWith('{% assign n = context.items.size %}<!doctype html>'));
});

test('what MJML cannot carry is refused with its tag and line', async () => {
  const cases: [string, RegExp, number | undefined][] = [
    [
      column('\n<mj-image src="a.png" width="{{ context.w }}" />'),
      /width has invalid value: \{\{ context\.w \}\}.*write a fixed one/,
      2,
    ],
    [column('\n\n<mj-text padding="{{ context.p }}px">x</mj-text>'), /padding.*write a fixed one/, 3],
    [column('\n{{ context.x }}'), /\{\{ context\.x \}\} stands directly in <mj-column>.*Put it into <mj-text>/, 2],
    [column('\nwords'), /drops the text "words" in <mj-column>/, 1],
    [body('<mj-section {% if a %}padding="0"{% endif %}></mj-section>'), /inside the tag <mj-section>/, 1],
    [
      '<mjml><mj-head>{% if a %}<mj-title>x</mj-title>{% endif %}</mj-head><mj-body></mj-body></mjml>',
      /stands directly in <mj-head>/,
      1,
    ],
    [
      '<mjml><mj-head><mj-style inline="inline">a { color: {{ c }} }</mj-style></mj-head><mj-body></mj-body></mjml>',
      /inline/,
      1,
    ],
    [
      column('<mj-text mj-class="{{ context.c }}">x</mj-text>'),
      /MJML drops \{\{ context\.c \}\} \(in attribute mj-class of <mj-text>\)/,
      1,
    ],
    [column('<mj-text></mj-table>'), /./, undefined],
  ];
  for (const [source, message, line] of cases) {
    const problem = await refusal(source);
    assert.match(problem.message, message);
    assert.equal(problem.code, 'TPL-0006');
    if (line !== undefined) assert.equal(problem.line, line, problem.message);
  }
});

test('files, entities, other documents and deep nesting are refused (E22 to E27)', async () => {
  assert.match((await refusal(body('<mj-include path="/etc/passwd" />'))).message, /mj-include/);
  assert.match((await refusal(body('<MJ-Include path="/etc/passwd" type="html"></MJ-Include>'))).message, /mj-include/);
  assert.match((await refusal(`<!DOCTYPE x [<!ENTITY a "b">]>${body('')}`)).message, /entities/);
  assert.match((await refusal('')).message, /not MJML/);
  assert.match((await refusal('<html><body>hi</body></html>')).message, /not MJML|outermost/);
  assert.match((await refusal(body('<mj-wrapper>'.repeat(3000)))).message, /nested more than 100/);
  assert.match((await refusal(body('<mj-bogus></mj-bogus>'))).message, /mj-bogus/);
  const problem = await refusal(
    '<mjml><mj-head><mj-style>@import url(http://internal)</mj-style></mj-head><mj-body></mj-body></mjml>',
  );
  assert.equal(problem.code, 'TPL-0004');
});

test('no web font is loaded by itself', async () => {
  assert.ok(!(await html(column('<mj-text font-family="Roboto, Ubuntu">x</mj-text>'))).includes('googleapis'));
});

test('blanks between blocks go, blanks between words stay', async () => {
  const compiled = await html(column('<mj-text><b>a</b> <i>b</i>\n {% if x %} <u>c</u> {% endif %}</mj-text>'));
  assert.ok(
    compiled.includes('<b>a</b> <i>b</i> {% if x %} <u>c</u>{% endif %}</div>'),
    compiled.slice(compiled.indexOf('<b>')),
  );
  assert.doesNotMatch(compiled, /<\/td>\s+<|>\s+<table/);
});

test('compiling opens no file', async (t) => {
  const source = column('<mj-text>{{ context.x }}</mj-text>');
  await html(source);
  const calls = (
    ['openSync', 'readFileSync', 'lstatSync', 'statSync', 'existsSync', 'realpathSync', 'readFile', 'open'] as const
  ).map((name) => t.mock.method(fs, name).mock);
  await html(source);
  assert.deepEqual(
    calls.map((mock) => mock.callCount()),
    calls.map(() => 0),
  );
});

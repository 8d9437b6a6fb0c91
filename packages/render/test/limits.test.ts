import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileContent, loadContent, type PartSource, type RenderResult } from '../src/index.ts';
import { renderBoth } from './both.ts';

async function render(part: Partial<PartSource> & { source: string }, context = {}): Promise<RenderResult> {
  const { compiled, problems } = await compileContent({ body: { format: 'liquid', escape: 'none', ...part } });
  assert.ok(compiled, JSON.stringify(problems));
  return loadContent(compiled).render({ profile: {}, context });
}

function messageOf(result: RenderResult): string {
  assert.ok('failed' in result, 'it rendered');
  return result.failed.message;
}

test('a huge range stops before it is built (E05)', async () => {
  assert.match(
    messageOf(await render({ source: '{% for i in (1..1000000000) %}x{% endfor %}' })),
    /memory alloc limit exceeded/,
  );
});

test('nested empty loops stop (E06)', async () => {
  const source = '{% for i in (1..10000) %}{% for j in (1..10000) %}{% endfor %}{% endfor %}';
  assert.match(messageOf(await render({ source })), /more than 100000 rounds|limit exceeded/);
});

test('loops that are fast still stop after a number of rounds', async () => {
  const source = '{% for i in (1..400) %}{% for j in (1..400) %}{% endfor %}{% endfor %}';
  assert.match(messageOf(await render({ source })), /more than 100000 rounds/);
});

test('escaping is charged like in LiquidJS, so both paths stop', () => {
  const source = '{% for i in (1..200) %}{% capture c %}{{ context.x }}{% endcapture %}{% endfor %}';
  const data = { profile: {}, context: { x: 'x'.repeat(90_000) } };
  assert.deepEqual(renderBoth(source, 'html', data), { reference: { failed: true }, compiled: { failed: true } });
});

test('a large body in a loop stops at the output cap (E08)', async () => {
  const source = `{% for i in (1..5000) %}${'x'.repeat(100_000)}{% endfor %}`;
  assert.match(messageOf(await render({ source, escape: 'html' })), /larger than 1000000 characters/);
});

test('captures that double themselves stop', async () => {
  const source = `{% assign a = "xxxxxxxxxx" %}${'{% capture a %}{{ a }}{{ a }}{% endcapture %}'.repeat(60)}{{ a }}`;
  assert.match(messageOf(await render({ source })), /larger than/);
});

test('searching filters in loops stop at the time limit', async () => {
  const items = Array.from({ length: 5000 }, (_, id) => ({ id }));
  const source =
    '{% for i in context.items %}{% for j in context.items %}{{ context.items | find: "id", -1 }}{% endfor %}{% endfor %}';
  assert.match(messageOf(await render({ source }, { items })), /limit exceeded/);
});

test('deeply nested data fails in a filter, not in the process (E12)', async () => {
  let deep: object = {};
  for (let depth = 0; depth < 20_000; depth += 1) deep = { deep };
  assert.ok('failed' in (await render({ source: '{{ context.deep | json }}' }, { deep })));
});

test('caps count bytes, and the part that broke is named', async () => {
  const result = await render({ source: '{{ context.x }}', maxBytes: 10 }, { x: 'ééééé' });
  assert.partialDeepStrictEqual(result, { parts: { body: 'ééééé' } });
  assert.deepEqual(await render({ source: '{{ context.x }}', maxBytes: 10 }, { x: 'éééééé' }), {
    failed: { part: 'body', message: 'The output is larger than 10 bytes.' },
  });
});

test('line breaks that come with data become blanks in a single line, and 998 characters are kept', async () => {
  const subject = { source: 'Hi {{ context.x }}', singleLine: true };
  assert.partialDeepStrictEqual(await render(subject, { x: 'a\r\nBcc: evil@example.com\u2028b\u0000' }), {
    parts: { body: 'Hi a Bcc: evil@example.com b' },
  });
  const long = await render(subject, { x: `${'x'.repeat(994)}😀😀` });
  assert.ok('parts' in long);
  assert.equal(long.parts.body, `Hi ${'x'.repeat(994)}`);
  assert.ok('parts' in (await render(subject, { x: 'x'.repeat(50_000) })));
});

test('an error in data says the line of the template', async () => {
  assert.match(messageOf(await render({ source: 'a\nb {{ context.x | url_decode }}' }, { x: '%E0' })), /line:2/);
});

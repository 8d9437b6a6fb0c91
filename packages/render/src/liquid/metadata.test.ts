import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '@outrigger/core';
import fc from 'fast-check';
import { compileContent } from '../compile/content.ts';
import { loadContent } from '../load.ts';

async function compiled(parts: Record<string, string>) {
  const content = await compileContent(
    Object.fromEntries(
      Object.entries(parts).map(([name, source]) => [name, { format: 'liquid', escape: 'none', source }]),
    ),
  );
  assert.deepEqual(content.problems, []);
  return content.compiled!;
}

async function noted(source: string, context: JsonObject = {}) {
  const rendered = loadContent(await compiled({ text: source })).render({ profile: {}, context });
  assert.ok('parts' in rendered, JSON.stringify(rendered));
  return { text: rendered.parts.text, metadata: rendered.metadata };
}

const bytesOf = (metadata: Record<string, string> = {}) =>
  Object.entries(metadata).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);

describe('metadata of a message (F096)', () => {
  it('is noted with its filters applied, and prints nothing', async () => {
    assert.deepEqual(await noted('a{% metadata "order", context.order | upcase %}b', { order: 'x-7' }), {
      text: 'ab',
      metadata: { order: 'X-7' },
    });
  });

  it('is noted where the template runs: in loops, in branches, of assigned values; the later value counts', async () => {
    const source =
      '{% for item in context.items %}{% metadata last, item.sku %}{% endfor %}{% if context.vip %}{% metadata "tier", "gold" %}{% endif %}' +
      '{% assign total = context.items.size %}{% metadata \'items.count\', total %}{% capture x %}{% metadata "in", 1 %}{% endcapture %}';
    const context = { items: [{ sku: 'a' }, { sku: 'b' }], vip: false };
    assert.deepEqual((await noted(source, context)).metadata, { last: 'b', 'items.count': '2', in: '1' });
  });

  it('is absent without a tag, and a missing value is noted as empty', async () => {
    assert.deepEqual(await noted('a'), { text: 'a', metadata: undefined });
    assert.deepEqual((await noted('{% metadata "k", context.nothing %}')).metadata, { k: '' });
  });

  it('is put together from all parts of the content', async () => {
    const content = await compiled({
      subject: '{% metadata "a", 1 %}s',
      text: '{% metadata "b", 2 %}{% metadata "a", 3 %}',
    });
    const rendered = loadContent(content).render({ profile: {}, context: {} });
    assert.deepEqual('metadata' in rendered && rendered.metadata, { a: '3', b: '2' });
  });

  it('keeps 50 pairs and 2 KB and never fails the message', async () => {
    const many = Array.from({ length: 60 }, (_, n) => `{% metadata "k${n}", ${n} %}`).join('');
    assert.equal(Object.keys((await noted(many)).metadata!).length, 50);
    const large = await noted('{% metadata "a", context.a %}{% metadata "b", context.a %}{% metadata "c", 1 %}x', {
      a: 'é'.repeat(600),
    });
    assert.equal(large.text, 'x');
    assert.equal(large.metadata!.a, 'é'.repeat(600));
    assert.match(large.metadata!.b!, /^é{400,}$/);
    assert.ok(bytesOf(large.metadata) <= 2_048);
  });

  it('is never larger than that, and always text that can be stored, whatever the data', async () => {
    const content = loadContent(
      await compiled({
        text: '{% for one in context.all %}{% metadata "k", one %}{% metadata "l", one %}{% endfor %}',
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 3_000 }), { maxLength: 5 }), (all) => {
        const rendered = content.render({ profile: {}, context: { all } });
        assert.ok('parts' in rendered);
        assert.ok(bytesOf(rendered.metadata) <= 2_048);
        for (const value of Object.values(rendered.metadata ?? {})) {
          assert.ok(value.isWellFormed());
          assert.ok(!value.includes('\0'));
        }
      }),
    );
  });

  it('reads its variables, and is refused where it is written wrongly', async () => {
    assert.deepEqual((await compiled({ text: '{% metadata "k", context.order.id %}' })).variables, [
      'context.order.id',
    ]);
    for (const tag of [
      'metadata',
      'metadata "k"',
      'metadata "k",',
      'metadata "a b", 1',
      'metadata "", 1',
      'metadata "k", 1, 2',
      'metadata "k", 1 | nothing',
    ]) {
      const { problems } = await compileContent({ text: { format: 'liquid', escape: 'none', source: `{% ${tag} %}` } });
      assert.equal(problems[0]?.level, 'ERROR', tag);
    }
  });

  it('may stand anywhere in MJML and HTML, also in the head and between sections', async () => {
    const mjml =
      '<mjml>{% metadata "a", 1 %}<mj-body>{% metadata "b", context.b %}<mj-section><mj-column><mj-text>{% metadata "c", 3 %}Hi</mj-text></mj-column></mj-section></mj-body></mjml>';
    const content = await compileContent({ html: { format: 'mjml', escape: 'html', source: mjml } });
    assert.deepEqual(content.problems, []);
    const rendered = loadContent(content.compiled!).render({ profile: {}, context: { b: '<b>' } });
    assert.deepEqual('metadata' in rendered && rendered.metadata, { a: '1', b: '<b>', c: '3' });
  });
});

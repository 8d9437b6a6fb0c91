import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'parse5';
import { compileContent, htmlToTextSource, loadContent } from '../src/index.ts';
import { loadReference, type RenderData } from '../src/load.ts';

const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const mjml = read('order-confirmation.mjml');
const data = JSON.parse(read('order-confirmation.json')) as RenderData;

async function orderMail() {
  const html = { format: 'mjml', escape: 'html', source: mjml } as const;
  const first = await compileContent({ html });
  assert.deepEqual(first.problems, []);
  const { compiled, problems } = await compileContent({
    subject: { format: 'liquid', escape: 'none', singleLine: true, source: 'Your order {{ context.order.number }}' },
    html,
    text: { format: 'liquid', escape: 'none', source: htmlToTextSource(first.compiled!.parts.html!.source) },
  });
  assert.deepEqual(problems, []);
  return compiled!;
}

test('the demo order mail renders alike with LiquidJS and compiled', async () => {
  const compiled = await orderMail();
  const result = loadContent(JSON.parse(JSON.stringify(compiled))).render(data);
  assert.ok('parts' in result);
  for (const [name, part] of Object.entries(compiled.parts)) {
    assert.deepEqual(loadReference(part)(data), { text: result.parts[name] }, name);
  }
  assert.equal(result.parts.subject, 'Your order NL-48213');
  assert.ok(result.parts.html!.includes('Wool throw &amp; cushion'));
  assert.ok(
    result.parts.text!.includes(
      'Wool throw & cushion (https://shop.example/p/THROW-11)\nTHROW-11 · Moss green · €64.50 each  €129.00\n',
    ),
  );
  assert.ok(result.parts.text!.includes('Discount (WINTER10)  −€32.81\nShipping  Free\nTotal  €295.29\n\nShips to'));
  assert.ok(!/[{}]%|\{\{|\n\n\n/.test(result.parts.text!));
});

type Element = { nodeName: string; attrs?: { name: string }[]; childNodes?: Element[] };
/** Elements and attribute names of a document, without what stands in them. */
function shape(element: Element): unknown {
  const children = (element.childNodes ?? []).filter(({ nodeName }) => nodeName !== '#text');
  return [element.nodeName, element.attrs?.map(({ name }) => name), children.map(shape)];
}

test('no value changes the elements of the mail (S23)', async () => {
  const { parts } = await orderMail();
  const loaded = loadContent({ v: 1, parts: { html: parts.html! }, variables: [] });
  const render = (value: string) => {
    const hostile = JSON.parse(
      JSON.stringify(data, (_, leaf) => (typeof leaf === 'string' && leaf !== 'EUR' ? value : leaf)),
    );
    const result = loaded.render(hostile);
    assert.ok('parts' in result, JSON.stringify(result));
    return shape(parse(result.parts.html!) as unknown as Element);
  };
  const expected = JSON.stringify(render('x'));
  const piece = fc.constantFrom(
    '"',
    "'",
    '<',
    '>',
    '--',
    '!',
    '<script>',
    '</td>',
    '<![endif]-->',
    '-->',
    ' onload=x',
    '`',
    '&',
    '/',
    '{{',
    'x',
    ' ',
  );
  const value = fc.oneof(
    fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
    fc.string({ minLength: 1 }),
  );
  fc.assert(
    // A blank value takes the other branch of `{% if … != blank %}`: other elements, by the author's will.
    fc.property(
      value.filter((text) => text.trim() !== ''),
      (text) => assert.equal(JSON.stringify(render(text)), expected),
    ),
    { numRuns: 150 },
  );
});

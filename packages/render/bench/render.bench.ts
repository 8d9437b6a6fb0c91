/**
 * Microseconds a render: LiquidJS against the compiled path on the demo order mail. Run by hand:
 * `node packages/render/bench/render.bench.ts`. Prints the median of several rounds, and checks that both give the same.
 */
import { readFileSync } from 'node:fs';
import { type CompiledContent, compileContent, htmlToTextSource, loadContent } from '../src/index.ts';
import { loadReference } from '../src/load.ts';

const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const mjml = read('order-confirmation.mjml');
const data = JSON.parse(read('order-confirmation.json'));

async function compiled(parts: Parameters<typeof compileContent>[0]): Promise<CompiledContent> {
  const result = await compileContent(parts);
  if (!result.compiled) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.compiled;
}

/** Median over rounds of the mean time of a call, in microseconds. */
function median(call: () => unknown, rounds = 15, roundMs = 100): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    let calls = 0;
    do {
      for (let index = 0; index < 20; index += 1) call();
      calls += 20;
    } while (performance.now() - begin < roundMs);
    times.push(((performance.now() - begin) * 1000) / calls);
  }
  return times.sort((one, other) => one - other)[Math.floor(rounds / 2)]!;
}

const begin = performance.now();
const html = (await compiled({ html: { format: 'mjml', escape: 'html', source: mjml } })).parts.html!;
const firstMs = performance.now() - begin;
const content = await compiled({
  subject: {
    format: 'liquid',
    escape: 'none',
    singleLine: true,
    source: 'Your order {{ context.order.number }}, {{ profile.person.name.firstName | default: "friend" }}',
  },
  html: { format: 'mjml', escape: 'html', source: mjml },
  text: { format: 'liquid', escape: 'none', source: htmlToTextSource(html.source) },
});

let total = { liquidjs: 0, compiled: 0 };
for (const [name, part] of Object.entries(content.parts)) {
  const only = { ...content, parts: { [name]: part } };
  const [reference, fast] = [loadReference(part), loadContent(only)];
  const expected = reference(data);
  const actual = fast.render(data);
  if (!('text' in expected) || !('parts' in actual) || expected.text !== actual.parts[name])
    throw new Error(`${name} differs`);
  const times = { liquidjs: median(() => reference(data)), compiled: median(() => fast.render(data)) };
  total = { liquidjs: total.liquidjs + times.liquidjs, compiled: total.compiled + times.compiled };
  report(`${name} (${Buffer.byteLength(expected.text)} bytes)`, times);
}
report('all parts', total);
const loaded = loadContent(content);
const flat = median(() => {
  const result = loaded.render(data);
  return 'parts' in result && Buffer.from(result.parts.html!).length;
});
console.log(`compiled, all parts, HTML also encoded to bytes: ${flat.toFixed(1)} us`);
console.log(
  `load a version: ${median(() => loadContent(content), 5).toFixed(0)} us; first MJML compile with its modules: ${firstMs.toFixed(0)} ms`,
);

function report(name: string, times: { liquidjs: number; compiled: number }): void {
  const ratio = (times.liquidjs / times.compiled).toFixed(1);
  console.log(
    `${name}: LiquidJS ${times.liquidjs.toFixed(1)} us, compiled ${times.compiled.toFixed(1)} us, ${ratio} times faster`,
  );
}

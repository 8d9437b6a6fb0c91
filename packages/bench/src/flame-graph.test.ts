import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { flamesOf } from './flame-graph.ts';
import { flamePicture } from './flame-picture.ts';
import type { CpuProfile } from './profile.ts';

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 0 });
const own = (functionName: string) => frame(functionName, 'file:///somewhere/packages/render/src/fast/run.ts');

/** (root) calls `accept`, which calls `render` and `JSON<T>`, a native one; and it is idle. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 5] },
    { id: 2, callFrame: own('accept'), children: [3, 4] },
    { id: 3, callFrame: own('render') },
    { id: 4, callFrame: frame('JSON<T>', '') },
    { id: 5, callFrame: frame('(idle)', '') },
  ],
  startTime: 1_000_000,
  samples: [3, 3, 4, 2, 5, 3],
  timeDeltas: [1_000, 1_000, 1_000, 1_000, 1_000, 1_000],
};

test('what the kernel counted of a process is shared out by the samples of the window, idle ones left out', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flames-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ingress.cpuprofile'), JSON.stringify(profile));
  // The last sample, at 1,006 ms, is behind the window.
  const flames = flamesOf(folder, { fromMs: 1_000, untilMs: 1_005.5, cpuUs: { postgres: 50, ingress: 80 } });
  assert.deepEqual(
    flames.map(({ name, us }) => [name, us]),
    [
      ['ingress', 80],
      ['postgres', 50],
    ],
  );
  const accept = [...flames[0]!.children.values()];
  assert.deepEqual(
    accept.map(({ name, kind, us }) => [name, kind, us]),
    [['accept  packages/render/src/fast/run.ts', 'own', 80]],
  );
  assert.deepEqual(
    [...accept[0]!.children.values()].map(({ name, kind, us }) => [name, kind, us]),
    [
      ['render  packages/render/src/fast/run.ts', 'own', 40],
      ['JSON<T>  native', 'node', 20],
    ],
  );
  const picture = flamePicture('ht-email-1', 'a < b', flames);
  assert.match(picture, /<title>render {2}packages\/render\/src\/fast\/run\.ts: 40\.0 us, 30\.8 %<\/title>/);
  assert.match(picture, /<title>JSON&#60;T&#62; {2}native: 20\.0 us, 15\.4 %<\/title>/);
  assert.match(picture, />postgres 50 us</);
  assert.match(picture, />a &#60; b</);
});

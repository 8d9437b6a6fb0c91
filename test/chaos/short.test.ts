import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
/** As `--short`, without its sabotaged build: that the check can fail is shown by `pnpm chaos --short` and --sabotage. */
const SIZE = ['--messages=4000', '--kills=24', '--gap=600'];
const skip = process.env.CHAOS === '0' ? 'CHAOS=0' : false;

test('under load and with everything being killed, frozen and set back, the promises hold on both stores', {
  skip,
  timeout: 540_000,
}, async (t) => {
  const child = spawn(process.execPath, [join(ROOT, 'packages', 'chaos', 'src', 'chaos-main.ts'), ...SIZE], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: t.signal,
    killSignal: 'SIGKILL', // what it started is on a leash and goes with it
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, output);
  for (const line of output.split('\n').filter((text) => /^queues on/.test(text))) t.diagnostic(line);
});

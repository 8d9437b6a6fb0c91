import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const options = { skip: process.env.CHAOS === '0' ? 'CHAOS=0' : false };
/** Before the runner's own limit, which would not show how far it came. */
const LONGEST_MS = 540_000;

/** Runs `pnpm chaos` with these options; it exits with 0 when everything went as it must. */
async function chaos(t: TestContext, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'packages', 'chaos', 'src', 'chaos-main.ts'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: t.signal,
    killSignal: 'SIGKILL', // what it started is on a leash and goes with it
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const [code] = (await once(child, 'close').finally(() => clearTimeout(limit))) as [number | null];
  assert.equal(code, 0, `${code === null ? `not over after ${LONGEST_MS / 1000} s\n` : ''}${output}`);
  for (const line of output.split('\n').filter((text) => /^(queues on|scenario)/.test(text))) t.diagnostic(line);
}

test(
  'under load and with everything being killed, frozen and set back, the promises hold on both stores, and a build without its journal breaks them',
  options,
  (t) => chaos(t, '--short', '--evidence'),
);

test('a rolling restart that mixes two builds loses, doubles and doubts nothing', options, (t) =>
  chaos(t, '--scenario=rolling', '--size=9'),
);

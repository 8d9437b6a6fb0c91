import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatElapsed, runPhase } from './phases.ts';

function recorder(isTerminal: boolean) {
  const written: string[] = [];
  return { written, screen: { write: (text: string) => written.push(text), isTerminal } };
}

test('elapsed time has a decimal while it is short', () => {
  assert.equal(formatElapsed(40), '0.0 s');
  assert.equal(formatElapsed(1_234), '1.2 s');
  assert.equal(formatElapsed(75_400), '75 s');
});

test('a phase ends with one line that says what came of it and how long it took', async () => {
  const { written, screen } = recorder(false);
  const result = await runPhase(
    screen,
    'counting',
    async () => 3,
    (count) => `${count} counted`,
  );
  assert.equal(result, 3);
  assert.match(written.join(''), /^ {2}3 counted \(0\.\d s\)\n$/);
});

test('on a terminal the closing line replaces what was drawn', async () => {
  const { written, screen } = recorder(true);
  await runPhase(screen, 'counting', async () => {});
  assert.ok(written.join('').startsWith('\r\x1b[K  counting ('));
});

test('an exception passes through and the line says that the phase failed', async () => {
  const { written, screen } = recorder(false);
  await assert.rejects(
    runPhase(screen, 'counting', () => Promise.reject(new Error('lost count'))),
    /lost count/,
  );
  assert.match(written.join(''), /counting: failed after/);
});

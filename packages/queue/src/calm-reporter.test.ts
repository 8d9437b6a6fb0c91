import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calmReporter } from './calm-reporter.ts';

test('a message that repeats is passed on once, another message at once', () => {
  const seen: string[] = [];
  const report = calmReporter((error) => seen.push(error.message));
  for (let i = 0; i < 1_000; i++) report(new Error('connect ECONNREFUSED'));
  report('text that somebody threw');
  assert.deepEqual(seen, ['connect ECONNREFUSED', 'text that somebody threw']);
});

test('a listener that throws does not throw into the socket that reported', () => {
  const report = calmReporter(() => {
    throw new Error('the log is full');
  });
  assert.doesNotThrow(() => report(new Error('away')));
});

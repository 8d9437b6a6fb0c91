import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CHANNEL_RETRY, DEFAULT_RETRY, retryDelayMs } from './retry.ts';

const policies = fc.constantFrom(DEFAULT_RETRY, ...Object.values(CHANNEL_RETRY));
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is never under half of its step, never over its cap, and never under what the provider asked', () => {
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 10_000 }),
      fc.option(fc.nat(10 * 60 * 60_000), { nil: undefined }),
      randoms,
      (policy, attempt, askedMs, random) => {
        const delayMs = retryDelayMs(policy, attempt, askedMs, random);
        const step = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
        assert.ok(delayMs >= Math.floor(step / 2));
        assert.ok(delayMs <= Math.max(policy.capMs, Math.min(askedMs ?? 0, 60 * 60_000)));
        if (askedMs !== undefined) assert.ok(delayMs >= Math.min(askedMs, 60 * 60_000));
      },
    ),
  );
});

test('what a provider asks for is believed for an hour at most', () => {
  assert.equal(retryDelayMs(DEFAULT_RETRY, 1, 24 * 60 * 60_000, 0), 60 * 60_000);
});

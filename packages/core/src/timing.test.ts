import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deriveTiming } from './timing.ts';

test('a call that starts in time ends before the lease, and the queue lock outlasts the lease', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 60_000 }), (providerTimeoutMs) => {
      const timing = deriveTiming(providerTimeoutMs);
      assert.ok(timing.lastStartMs > 0);
      assert.ok(timing.lastStartMs + timing.providerTimeoutMs < timing.leaseMs);
      assert.ok(timing.leaseMs < timing.lockMs);
      assert.ok(timing.journalGraceMs > timing.providerTimeoutMs);
    }),
  );
});

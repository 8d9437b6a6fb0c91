import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deriveTiming } from './timing.ts';

test('a call that starts in time ends before the lease, and a taken job is free again before a claim is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 60_000 }), (providerTimeoutMs) => {
      const timing = deriveTiming(providerTimeoutMs);
      assert.ok(timing.lastStartMs > 0);
      assert.ok(timing.lastStartMs + timing.providerTimeoutMs < timing.leaseMs);
      assert.ok(timing.lockMs < timing.leaseMs);
      assert.ok(timing.journalGraceMs > timing.providerTimeoutMs);
      assert.ok(timing.probeLeaseMs > timing.providerTimeoutMs);
      assert.ok(
        timing.probeLeaseMs <= 1.5 * timing.providerTimeoutMs + 1_000,
        'a dead prober holds its account no longer',
      );
    }),
  );
});

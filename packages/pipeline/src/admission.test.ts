import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lane } from '@outrigger/core';
import fc from 'fast-check';
import { type AdmissionFacts, type AdmissionLimits, createAdmission, DEFAULT_ADMISSION } from './admission.ts';

function admission(limits: Partial<AdmissionLimits>, facts: Partial<AdmissionFacts> = {}) {
  return createAdmission(
    { ...DEFAULT_ADMISSION, ...limits },
    { tenantMessages: () => 0, oldestAgeMs: () => 0, now: () => 0, ...facts },
  );
}

test('with nothing waiting everything is taken', () => {
  assert.equal(admission({})(1, 'email', 20, 0), undefined);
});

test('a lane that is behind turns calls away with 503, and its neighbours do not', () => {
  const admit = admission({}, { oldestAgeMs: (lane: Lane) => (lane === 'email-bulk' ? 7 * 3_600_000 : 0) });
  const refusal = admit(1, 'email-bulk', 1, 0)!;
  assert.equal(refusal.code, 'MSG-000503');
  assert.ok(refusal.retryAfterSeconds! > 0);
  assert.match(refusal.title, /email-bulk is 25200 s behind/);
  for (const lane of ['email', 'sms', 'email-ht'] as const) assert.equal(admit(1, lane, 1, 0), undefined);
});

test('a tenant over its share gets 429 and the others are taken', () => {
  const admit = admission({ maxTenantBacklog: 100 }, { tenantMessages: (tenant) => (tenant === 1 ? 99 : 0) });
  assert.equal(admit(1, 'email', 1, 0), undefined);
  assert.equal(admit(1, 'email', 2, 0)?.code, 'MSG-000429');
  assert.equal(admit(2, 'email', 20, 0), undefined);
});

test('calls beyond what can be committed are turned away at once', () => {
  assert.equal(admission({ maxUncommitted: 10 })(1, 'email', 1, 10)?.code, 'MSG-000503');
});

test('over any stretch of calls a tenant gets its rate and one second of burst, never more', () => {
  const call = fc.record({ waitMs: fc.integer({ min: 0, max: 400 }), messages: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), fc.integer({ min: 20, max: 500 }), (calls, rate) => {
      let now = 0;
      let taken = 0;
      const admit = admission({ tenantRate: { standard: rate, ht: 0, bulk: 0 } }, { now: () => now });
      for (const { waitMs, messages } of calls) {
        now += waitMs;
        if (admit(1, 'email', messages, 0) === undefined) taken += messages;
        assert.ok(taken <= rate + (now / 1_000) * rate + 1e-6);
      }
    }),
  );
});

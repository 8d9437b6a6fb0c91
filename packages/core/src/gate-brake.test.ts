import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Braked, type BrakeRule, brakeGate } from './gate-brake.ts';

const message: Braked = { tenantId: 1, campaignId: 'c', lane: 'email', provider: 'ses' };
const rule = (overrides: Partial<BrakeRule>): BrakeRule => ({
  brake_id: 'b',
  tenant_id: null,
  scope: 'lane',
  target: 'email',
  action: 'pause',
  rate_per_second: null,
  ...overrides,
});

test('a brake of another tenant, campaign, lane or provider lets the message pass', () => {
  const others = [
    rule({ scope: 'tenant', tenant_id: 2, target: 'x' }),
    rule({ scope: 'campaign', tenant_id: 1, target: 'other' }),
    rule({ scope: 'campaign', tenant_id: 2, target: 'c' }),
    rule({ target: 'sms' }),
    rule({ scope: 'provider', target: 'smtp' }),
  ];
  assert.deepEqual(brakeGate(others, message), { pass: true });
});

test('whatever the order of the brakes, cancel beats pause and pause beats throttle', () => {
  const brakes = [
    rule({ brake_id: '1', action: 'throttle', rate_per_second: 5 }),
    rule({ brake_id: '2', action: 'throttle', rate_per_second: 1 }),
    rule({ brake_id: '3' }),
    rule({ brake_id: '4', action: 'cancel' }),
  ];
  const rank = { cancel: 3, pause: 2, throttle: 1 };
  fc.assert(
    fc.property(fc.shuffledSubarray(brakes, { minLength: 1 }), (some) => {
      const verdict = brakeGate(some, message);
      const [action] = Object.keys(verdict) as (keyof typeof rank)[];
      assert.equal(rank[action!], Math.max(...some.map((brake) => rank[brake.action])));
      if ('throttle' in verdict && some.length === 2) assert.equal(verdict.throttle.rate_per_second, 1);
    }),
  );
});

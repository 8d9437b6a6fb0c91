import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOT_BEGUN, type SendResult } from '@outrigger/core';
import fc from 'fast-check';
import {
  admission,
  type BreakerEvent,
  type BreakerState,
  NEVER_OPENED,
  nextBreakerState,
  DEFAULT_BREAKER as POLICY,
  rampShare,
} from './breaker.ts';
import { addCall, type CallWindow, verdictOf } from './call-window.ts';

const next = (state: BreakerState, kind: BreakerEvent['kind'], atMs: number, random = 0.5) =>
  nextBreakerState(state, { kind, atMs }, POLICY, random);

describe('a breaker', () => {
  it('opens, probes, closes with a ramp, and pauses longer when it opens again', () => {
    const open = next(NEVER_OPENED, 'tripped', 0);
    assert.deepEqual(open, { phase: 'open', opens: 1, sinceMs: 0, untilMs: 10_000 });
    assert.equal(next(open, 'probe_started', 9_999), open);
    assert.deepEqual(admission(open, 4_000), { kind: 'blocked', retryInMs: 6_000 });
    assert.deepEqual(admission(open, 10_000), { kind: 'probe' });
    const half = next(open, 'probe_started', 10_000);
    assert.equal(admission(half, 11_000).kind, 'blocked');
    const again = next(half, 'probe_failed', 12_000);
    assert.deepEqual(again, { phase: 'open', opens: 2, sinceMs: 12_000, untilMs: 32_000 });
    const closed = next(next(again, 'probe_started', 32_000), 'probe_passed', 33_000);
    assert.equal(closed.phase, 'closed');
    assert.ok(Math.abs(rampShare(closed, 33_000, POLICY) - 0.05) < 1e-9);
    assert.equal(rampShare(closed, 33_000 + POLICY.rampMs, POLICY), 1);
    assert.equal(next(closed, 'tripped', 40_000).opens, 3);
    assert.equal(next(closed, 'tripped', 33_001 + POLICY.stableAfterMs).opens, 1);
  });

  it('lets somebody else probe when a prober dies or did not begin', () => {
    const half = next(next(NEVER_OPENED, 'tripped', 0), 'probe_started', 10_000);
    assert.deepEqual(admission(half, 10_000 + POLICY.probeLeaseMs), { kind: 'probe' });
    assert.equal(admission(next(half, 'probe_abandoned', 10_001), 10_001).kind, 'probe');
  });

  it('keeps its invariants under any events', () => {
    const events = fc.array(
      fc.record({
        kind: fc.constantFrom<BreakerEvent['kind'][]>(
          'tripped',
          'probe_started',
          'probe_passed',
          'probe_failed',
          'probe_abandoned',
        ),
        afterMs: fc.nat(150_000),
        random: fc.double({ min: 0, max: 0.999, noNaN: true }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(events, (given) => {
        let state = NEVER_OPENED;
        let atMs = 0;
        for (const { kind, afterMs, random } of given) {
          atMs += afterMs;
          const before = state;
          const allowed = admission(before, atMs).kind;
          state = nextBreakerState(state, { kind, atMs }, POLICY, random);
          if (state === before) continue;
          if (state.phase === 'half_open') assert.equal(allowed, 'probe');
          if (state.phase === 'closed') assert.equal(before.phase, 'half_open');
          if (state.phase === 'open' && kind !== 'probe_abandoned') {
            const pause = state.untilMs - atMs;
            assert.ok(pause >= POLICY.pauseBaseMs * 0.75 && pause <= POLICY.pauseCapMs * 1.25, `${pause}`);
          }
          const share = rampShare(state, atMs + afterMs, POLICY);
          assert.ok(share >= 0.05 && share <= 1, `${share}`);
        }
      }),
    );
  });
});

const refused = (code: Extract<SendResult, { kind: 'refused' }>['code'], vendorCode = 'x'): SendResult => ({
  kind: 'refused',
  code,
  vendorCode,
});
const doubt = (code: Extract<SendResult, { kind: 'unknown' }>['code']): SendResult => ({
  kind: 'unknown',
  code,
  vendorCode: 'x',
});

describe('what calls say of their account', () => {
  const verdicts: [SendResult, string][] = [
    [{ kind: 'accepted', providerMessageId: '1' }, 'answered'],
    [refused('permanent.recipient'), 'answered'],
    [refused('permanent.content'), 'answered'],
    [refused('permanent.configuration'), 'answered'],
    [refused('transient.throttled'), 'answered'],
    [refused('transient.refused'), 'answered'],
    [refused('transient.unavailable'), 'failed'],
    [refused('transient.configuration'), 'configuration'],
    [doubt('ambiguous.timeout'), 'failed'],
    [doubt('ambiguous.connection_lost'), 'failed'],
    [doubt('ambiguous.response'), 'failed'],
    [NOT_BEGUN, 'silent'],
  ];
  for (const [result, verdict] of verdicts) {
    const name = 'code' in result ? `${result.code} ${result.vendorCode}` : result.kind;
    it(`takes ${name} for ${verdict}`, () => assert.equal(verdictOf(result), verdict));
  }

  const trips = (results: SendResult[], everyMs = 10) => {
    const window: CallWindow = [];
    return results.findIndex((result, index) => addCall(window, verdictOf(result), index * everyMs, POLICY)) + 1;
  };
  const fine: SendResult = { kind: 'accepted', providerMessageId: '1' };
  const away = refused('transient.unavailable');
  const times = (count: number, result: SendResult) => Array.from({ length: count }, () => result);

  it('open at the fifth failure when half of the window failed', () => {
    assert.equal(trips(times(5, away)), 5);
    assert.equal(trips([...times(4, fine), ...times(5, away)]), 9);
    assert.equal(trips([...times(20, fine), ...times(20, away)]), 30);
    assert.equal(trips([...times(4, away), ...times(20, fine)]), 0);
  });

  it('open at three refusals of our configuration in a row', () => {
    const denied = refused('transient.configuration');
    assert.equal(trips([fine, denied, denied, fine, denied, denied, denied]), 7);
  });

  it('never open for refused recipients, content or throttles', () => {
    const answered = fc.constantFrom(fine, ...verdicts.filter(([, verdict]) => verdict === 'answered').map(([r]) => r));
    fc.assert(fc.property(fc.array(answered, { maxLength: 100 }), (results) => trips(results) === 0));
  });

  it('forget calls of long ago', () => {
    assert.equal(trips(times(20, away), 20_000), 0);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RETRY, type SendResult } from '@outrigger/core';
import { combineResults, outcomeOf } from './outcome.ts';

const policy = { ...DEFAULT_RETRY, maxAttempts: 3 };
const refused = (code: 'transient.refused' | 'transient.throttled' | 'permanent.recipient'): SendResult => ({
  kind: 'refused',
  code,
  vendorCode: 'x',
});

test('a refusal that may pass is tried again until the attempts are used up', () => {
  assert.equal(outcomeOf(refused('transient.refused'), 2, policy).state, 'deferred');
  assert.deepEqual(outcomeOf(refused('transient.refused'), 3, policy), {
    state: 'failed',
    code: 'permanent.attempts_exhausted',
    detail: 'x',
  });
});

test('a throttle never uses up an attempt', () => {
  const outcome = outcomeOf(refused('transient.throttled'), 1_000, policy);
  assert.ok(outcome.state === 'deferred' && !outcome.costsAttempt);
});

test('a refusal for good fails at once and doubt stays doubt', () => {
  assert.equal(outcomeOf(refused('permanent.recipient'), 1, policy).state, 'failed');
  const doubt: SendResult = { kind: 'unknown', code: 'ambiguous.timeout', vendorCode: 't' };
  assert.equal(outcomeOf(doubt, 1, policy).state, 'unknown');
});

test('of several addresses, taken wins over doubt, doubt over a refusal that may pass, and that over one for good', () => {
  const accepted: SendResult = { kind: 'accepted', providerMessageId: 'p' };
  const doubt: SendResult = { kind: 'unknown', code: 'ambiguous.timeout', vendorCode: 't' };
  const all = [refused('permanent.recipient'), refused('transient.refused'), doubt, accepted];
  assert.equal(combineResults(all), accepted);
  assert.equal(combineResults(all.slice(0, 3)), doubt);
  assert.equal(combineResults(all.slice(0, 2)), all[1]);
});

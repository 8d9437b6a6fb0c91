import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SavedCalls } from './load/call-book.ts';
import { verifyHandOvers } from './verify.ts';

const calls = (...statuses: number[]): SavedCalls => ({
  count: statuses.length,
  dueAt: new Float64Array(statuses.length),
  answeredAt: new Float64Array(statuses.length),
  statuses: Uint16Array.from(statuses),
  executionId: String,
});

test('accepted and taken once each is right', () => {
  const found = verifyHandOvers(calls(202, 202), Uint8Array.of(1, 1, 1, 1), 2);
  assert.deepEqual(found.problems, []);
  assert.equal(found.acceptedMessages, 4);
  assert.equal(found.takenMessages, 4);
});

test('what was accepted and not taken is lost', () => {
  assert.match(verifyHandOvers(calls(202), Uint8Array.of(1), 2).problems.join(), /message 1 .* never handed over/);
});

test('what was taken twice is doubled', () => {
  assert.equal(verifyHandOvers(calls(202), Uint8Array.of(2), 1).doubled, 1);
});

test('what was refused and taken all the same is a stranger, and so is what nobody asked for', () => {
  assert.equal(verifyHandOvers(calls(503), Uint8Array.of(1, 1), 1).strangers, 2);
});

test('a call whose answer was lost may have been accepted or not', () => {
  assert.deepEqual(verifyHandOvers(calls(0, 0), Uint8Array.of(1, 0), 1).problems, []);
});

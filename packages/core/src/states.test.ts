import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END_STATES, MESSAGE_STATES, type MessageState, TRANSITIONS } from './states.ts';

type Arrow = { name: string; from: readonly MessageState[]; to: MessageState };
const arrows: Arrow[] = Object.entries(TRANSITIONS).map(([name, { from, to }]) => ({ name, from, to }));
const isEnd = (state: MessageState) => END_STATES.some((end) => end === state);

/** Every state that can follow, in any number of steps; the states that are asked about count as reached. */
function reachableFrom(start: readonly MessageState[]): Set<MessageState> {
  const reached = new Set(start);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const { from, to } of arrows) if (from.some((state) => reached.has(state))) reached.add(to);
  }
  return reached;
}

test('a message begins in one way only: it is accepted and waits', () => {
  const beginnings = arrows.filter(({ from }) => from.length === 0);
  assert.deepEqual(
    beginnings.map(({ name, to }) => [name, to]),
    [['accept', 'queued']],
  );
});

test('every state can be reached', () => {
  assert.deepEqual([...reachableFrom(['queued'])].sort(), [...MESSAGE_STATES].sort());
});

test('from every state every way of ending is still open, or the message has ended', () => {
  for (const state of MESSAGE_STATES.filter((one) => !isEnd(one))) {
    const reached = reachableFrom([state]);
    assert.deepEqual(
      END_STATES.filter((end) => !reached.has(end)),
      [],
      state,
    );
  }
});

test('an end has no exit but for what evidence, policy or a person decides of unknown and failed messages', () => {
  const exits = arrows.flatMap(({ name, from }) => from.filter(isEnd).map((state) => `${state}: ${name}`));
  assert.deepEqual(exits.toSorted(), [
    'failed: give_up',
    'failed: redrive',
    'unknown: give_up',
    'unknown: redrive',
    'unknown: settle_hold',
    'unknown: settle_resend',
    'unknown: settle_sent',
  ]);
});

test('an outcome is reached only by a worker that holds the message', () => {
  const outcomes = arrows.filter(({ name }) => name.startsWith('to_'));
  assert.deepEqual(
    outcomes.map(({ from, to }) => [from, to]),
    outcomes.map(({ name }) => [['sending'], name.slice('to_'.length)]),
  );
  const claims = arrows.filter(({ to }) => to === 'sending');
  assert.deepEqual(
    claims.map(({ name }) => name),
    ['claim'],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Options, readOptions, withoutRedis } from './options.ts';

const read = (...args: string[]) => readOptions(args, () => 7) as Options;

test('without options both stores are run in full, with one seed', () => {
  const { runs, save } = read();
  assert.deepEqual(
    runs.map(({ queues, messages, kills, seed }) => [queues, messages, kills, seed]),
    [
      ['redis', 200_000, 200, 7],
      ['postgres', 200_000, 200, 7],
    ],
  );
  assert.equal(save, false);
});

test('the short form runs both stores and one sabotage', () => {
  const { runs } = read('--short');
  assert.deepEqual(
    runs.map(({ queues, sabotage }) => [queues, sabotage]),
    [
      ['redis', undefined],
      ['postgres', undefined],
      ['redis', 'journal'],
    ],
  );
});

test('the short form breaks everything on one store, and on the other what the store makes a difference to', () => {
  const [first, second] = read('--short').runs;
  assert.equal(first!.faults, undefined);
  assert.ok(second!.faults!.includes('crash postgres'));
  assert.ok(second!.messages < first!.messages);
  // What is asked for goes before what suits.
  assert.deepEqual(
    read('--short', '--messages=5000')
      .runs.slice(0, 2)
      .map(({ messages }) => messages),
    [5_000, 5_000],
  );
  // Without a Redis the one store that is left gets it all.
  assert.equal(withoutRedis(read('--short').runs)[0]!.faults, undefined);
});

test('without a Redis the short form runs on the other store', () => {
  const { runs, redisMayBeAbsent } = read('--short');
  assert.equal(redisMayBeAbsent, true);
  assert.deepEqual(
    withoutRedis(runs).map(({ queues, sabotage }) => [queues, sabotage]),
    [
      ['postgres', undefined],
      ['postgres', 'journal'],
    ],
  );
});

test('what is asked for is what runs', () => {
  const { runs } = read('--queues=postgres', '--messages=10', '--kills=2', '--seed=3', '--gap=5', '--sabotage=commit');
  assert.deepEqual(runs, [{ queues: 'postgres', messages: 10, kills: 2, seed: 3, gapMs: 5, sabotage: 'commit' }]);
});

test('with evidence every run has it, and without nothing changes', () => {
  assert.ok(read('--short', '--evidence').runs.every(({ evidence }) => evidence));
  assert.ok(read('--short').runs.every((run) => !('evidence' in run)));
});

test('an option that is wrong is answered with a sentence', () => {
  for (const wrong of ['--queues=kafka', '--sabotage=all', '--kills=many', '--messages=-1', '--loud']) {
    assert.equal(typeof readOptions([wrong], () => 1), 'string', wrong);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createGrouper } from './group-commit.ts';

function recordingGrouper(spacingMs: number, maxWeight = 100) {
  const flushes: { at: number; items: string[] }[] = [];
  const grouper = createGrouper<string, string>({
    maxWeight,
    spacingMs,
    async flush(items) {
      flushes.push({ at: performance.now(), items });
      return items;
    },
  });
  return { flushes, grouper };
}

test('an idle grouper flushes at once, also when its flushes are spaced', async () => {
  const { flushes, grouper } = recordingGrouper(60_000);
  assert.equal(await grouper.add('a'), 'a');
  assert.deepEqual(
    flushes.map(({ items }) => items),
    [['a']],
  );
});

test('what comes soon after a flush leaves together, when the spacing is over', async () => {
  const spacingMs = 100;
  const { flushes, grouper } = recordingGrouper(spacingMs);
  await grouper.add('a');
  const later = [grouper.add('b')];
  await turn();
  later.push(grouper.add('c'));
  await Promise.all([...later, grouper.idle()]);
  assert.deepEqual(
    flushes.map(({ items }) => items),
    [['a'], ['b', 'c']],
  );
  // Timers count whole milliseconds.
  assert.ok(flushes[1]!.at - flushes[0]!.at >= spacingMs - 1);
});

test('a full group does not wait for the spacing', async () => {
  const { flushes, grouper } = recordingGrouper(60_000, 2);
  await grouper.add('a');
  await Promise.all([grouper.add('b'), grouper.add('c')]);
  assert.deepEqual(
    flushes.map(({ items }) => items),
    [['a'], ['b', 'c']],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTurns } from './turns.ts';

test('ordinary work runs side by side, and what has to be alone is alone, in order of arrival (property)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), fc.scheduler(), async (kinds, scheduler) => {
      const turns = createTurns();
      const started: number[] = [];
      const running = new Set<number>();
      let most = 0;
      const all = kinds.map((alone, index) =>
        turns.run(alone, async () => {
          started.push(index);
          running.add(index);
          most = Math.max(most, running.size);
          for (const other of running)
            assert.ok(other === index || (!alone && !kinds[other]), `${other} beside ${index}`);
          await scheduler.schedule(Promise.resolve());
          running.delete(index);
        }),
      );
      await scheduler.waitFor(Promise.all(all));
      assert.deepEqual(
        started,
        kinds.map((_, index) => index),
      );
      if (kinds.length > 1 && !kinds.includes(true)) assert.equal(most, kinds.length);
    }),
  );
});

test('work that throws gives its turn on', async () => {
  const turns = createTurns();
  await assert.rejects(
    turns.run(true, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await turns.run(false, async () => 'next'), 'next');
});

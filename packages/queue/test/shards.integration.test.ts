import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openLaneQueue, startLaneWorker } from '../src/index.ts';
import { eventually, storesUnderTest } from './stores.ts';

const SHARDS = 3;

for (const underTest of storesUnderTest()) {
  describe(`a lane of several shards on ${underTest.kind}`, { skip: underTest.skip }, () => {
    test('spreads batches over its queues, adds a job once, and two workers together take every one', async () => {
      const store = await underTest.open({ laneShards: SHARDS });
      const lane = openLaneQueue(store, 'email-ht');
      const jobs = Array.from({ length: 30 }, (_, n) => ({ batchId: String(n + 1), jobId: `b-${n + 1}-0` }));
      await lane.enqueue(jobs);
      await lane.enqueue(jobs);
      assert.equal((await lane.depth()).waiting, 30);

      const handled: string[] = [];
      const onError = (error: Error): void => assert.fail(error);
      const workers = Array.from({ length: 2 }, () =>
        startLaneWorker(store, 'email-ht', { concurrency: 2, lockMs: 5_000, onError }, async ({ batchId }) => {
          handled.push(batchId);
          return undefined;
        }),
      );
      await eventually(() => handled.length === 30);
      assert.deepEqual(handled.toSorted(), jobs.map((job) => job.batchId).toSorted());
      await Promise.all(workers.map((worker) => worker.close()));

      const single = await underTest.open();
      const first = openLaneQueue(single, 'email-ht');
      await lane.enqueue(jobs);
      assert.equal((await first.depth()).waiting, 10, 'the first shard is the queue of a lane without shards');
      await lane.obliterate();
      await Promise.all([lane.close(), first.close()]);
      await Promise.all([store.close(), single.close()]);
      await underTest.dispose();
    });
  });
}

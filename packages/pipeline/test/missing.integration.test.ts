import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { jobIdFor, openLaneQueue } from '@outrigger/queue';
import { createLog } from '@outrigger/runtime';
import { openTestLedger, openTestQueues, QUEUE_STORES, type TestQueues } from '@outrigger/testkit';
import { createEnqueuer, type EnqueueMissing } from '../src/enqueue.ts';
import { createMissingFinder } from '../src/janitor.ts';

const { pool } = await openTestLedger();
const log = createLog('dispatcher', 'silent');
const SWEEP_AFTER_MS = 30_000;

/** Waiting batches that the queue was given so long ago, with other columns as asked. */
async function plant(count: number, givenAgoMs: number, columns: Record<string, string> = {}): Promise<string[]> {
  const all = { enqueued_at: `now() - ${givenAgoMs} * interval '1 ms'`, ...columns };
  const { rows } = await pool.query<{ batch_id: string }>(
    `INSERT INTO batches (tenant_id, lane, message_ids, ${Object.keys(all).join(', ')})
     SELECT 1, 'email', ARRAY[gen_random_uuid()], ${Object.values(all).join(', ')} FROM generate_series(1, $1) RETURNING batch_id`,
    [count],
  );
  return rows.map((row) => row.batch_id);
}

for (const { kind, skip } of QUEUE_STORES) {
  describe(`what the queue was to be given and does not have, queues on ${kind}`, { skip }, () => {
    let queues: TestQueues;
    let enqueuer: ReturnType<typeof createEnqueuer>;
    before(async () => {
      queues = await openTestQueues(kind);
      enqueuer = createEnqueuer(queues.store, log);
    });
    after(async () => {
      await enqueuer.close();
      await queues.remove();
    });

    /** A finder, and how many batches it asked the queue about. */
    function finder(enqueueMissing: EnqueueMissing = enqueuer.enqueueMissing) {
      const asked: number[] = [];
      const find = createMissingFinder({
        pool,
        log,
        sweepAfterMs: SWEEP_AFTER_MS,
        enqueueMissing: (batches) => {
          asked.push(batches.length);
          return enqueueMissing(batches);
        },
      });
      return { find, asked: () => asked.splice(0).reduce((sum, count) => sum + count, 0) };
    }

    test('is put in two seconds later, once; what the queue has, others hold or the sweep looks for is left alone', async () => {
      await pool.query('TRUNCATE batches');
      const lane = openLaneQueue(queues.store, 'email');
      const given = await plant(10, 5_000);
      await lane.enqueue(given.map((batchId) => ({ batchId, jobId: jobIdFor(batchId, 0) })));
      const [lost] = await plant(1, 5_000);
      await plant(1, 5_000, { eligible_at: "now() + interval '1 h'" });
      await plant(3, 0);
      await plant(3, 5_000, { token: 'gen_random_uuid()' });
      await plant(3, SWEEP_AFTER_MS + 1_000);
      await plant(3, 5_000, { eligible_at: "'infinity'" });
      await plant(3, 0, { enqueued_at: "'-infinity'" });

      const { find, asked } = finder();
      assert.equal(await find(), 2, 'one that is due, and one that is to come later');
      assert.equal(asked(), 12);
      const { waiting, delayed } = await lane.depth();
      assert.deepEqual({ waiting, delayed }, { waiting: 11, delayed: 1 });
      assert.deepEqual(await lane.missing([{ batchId: lost!, jobId: jobIdFor(lost!, 0) }]), []);
      assert.equal(await find(), 0);
      assert.equal(asked(), 0, 'each is asked about once');
      const again = await plant(1, 2_500, { claims: '1' });
      await lane.enqueue(again.map((batchId) => ({ batchId, jobId: jobIdFor(batchId, 0) })));
      assert.equal(await find(), 1, 'a job of an earlier claim is not the one that is looked for');
      await lane.obliterate();
      await lane.close();
    });

    test('is asked about again when the queue could not say', async () => {
      await pool.query('TRUNCATE batches');
      await plant(2, 5_000);
      let away = true;
      const { find } = finder(async (batches) => {
        if (away) throw new Error('away');
        return enqueuer.enqueueMissing(batches);
      });
      await assert.rejects(find());
      away = false;
      assert.equal(await find(), 2);
      const lane = openLaneQueue(queues.store, 'email');
      await lane.obliterate();
      await lane.close();
    });

    test('is a question for each batch of a long backlog and no more', async (t) => {
      await pool.query('TRUNCATE batches');
      const BACKLOG = 5_000;
      const lane = openLaneQueue(queues.store, 'email');
      const backlog = [...(await plant(BACKLOG / 2, 5_000)), ...(await plant(BACKLOG / 2, 4_000))];
      for (let at = 0; at < BACKLOG; at += 1_000) {
        const some = backlog.slice(at, at + 1_000);
        await lane.enqueue(some.map((batchId) => ({ batchId, jobId: jobIdFor(batchId, 0) })));
      }
      const { find, asked } = finder();
      const startedAt = performance.now();
      assert.equal(await find(), 0);
      const tookMs = performance.now() - startedAt;
      assert.equal(asked(), BACKLOG);
      t.diagnostic(`${Math.round((tookMs * 1_000) / BACKLOG)} us a batch that waits`);
      await find();
      assert.equal(asked(), 0);
      assert.equal((await lane.depth()).waiting, BACKLOG);
      await lane.obliterate();
      await lane.close();
    });
  });
}

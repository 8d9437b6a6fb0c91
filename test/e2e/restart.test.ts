import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, QUEUE_STORES, waitFor } from '@outrigger/testkit';
import { callToStrangers, createDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const CALLS = 40;
const RECIPIENTS = 20;
const RESTARTS = 6;
/** Slow enough that the stops come in the middle of the work. */
const SLOW = { LANE_CONCURRENCY: '1', SEND_CONCURRENCY: '1' };

for (const { kind, skip } of QUEUE_STORES) {
  describe(`a rolling restart under load, queues on ${kind}`, { skip }, () => {
    let stack: TestStack;
    before(async () => {
      stack = await startStack(ledger, kind);
      await stack.services.get('email-worker')!.stop();
      await stack.start('email-worker', SLOW);
    });
    after(() => stack.stop());

    test('every stop is clean, and nothing becomes unknown, is missing or goes out twice', async (t) => {
      const demo = await createDemo(stack, 'order');
      const call = () => callToStrangers(demo, RECIPIENTS);
      const answers = await Promise.all(Array.from({ length: CALLS }, () => stack.trigger(call())));
      assert.ok(answers.every((answer) => answer.status === 202));
      const total = CALLS * RECIPIENTS;
      const handedOver = async () => {
        const { rows } = await stack.pool.query<{ messages: number; records: number }>(
          `SELECT count(DISTINCT r.message_id)::int AS messages, count(*)::int AS records FROM sandbox_records r
           JOIN messages m ON m.message_id = r.message_id
           WHERE m.campaign_id = $1`,
          [demo.campaignId],
        );
        return rows[0]!;
      };
      const seen: number[] = [];
      for (let restart = 0; restart < RESTARTS; restart++) {
        assert.equal(await stack.services.get('email-worker')!.stop(), 0);
        seen.push((await handedOver()).messages);
        await stack.start('email-worker', SLOW);
        if (restart === 2) {
          assert.equal(await stack.services.get('dispatcher')!.stop(), 0);
          await stack.start('dispatcher');
        }
      }
      await waitFor('every message to be handed over', async () => (await handedOver()).messages === total);
      await waitFor('every batch to end', async () => (await stack.pool.query('SELECT 1 FROM batches')).rowCount === 0);
      assert.equal((await handedOver()).records, total, 'none went out twice');
      const { rowCount } = await stack.pool.query(`SELECT 1 FROM message_events WHERE state = 'unknown'`);
      assert.equal(rowCount, 0);
      assert.ok(seen[0]! < total, 'the first stop came in the middle');
      t.diagnostic(`handed over at each stop: ${seen.join(', ')} of ${total}`);
    });
  });
}

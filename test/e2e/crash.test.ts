import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, QUEUE_STORES, waitFor } from '@outrigger/testkit';
import { createDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const MESSAGES = 1_000;
const RECIPIENTS = 20;

for (const { kind, skip } of QUEUE_STORES) {
  describe(`kill -9 of the email worker with ${MESSAGES} messages under way, queues on ${kind}`, { skip }, () => {
    let stack: TestStack;
    before(async () => {
      stack = await startStack(ledger, kind);
    });
    after(() => stack.stop());

    test('all of them end, none is missing, and none is doubled without being marked', async (t) => {
      const demo = await createDemo(stack, 'order');
      const calls = Array.from({ length: MESSAGES / RECIPIENTS }, () => ({
        requestId: randomUUID(),
        campaignId: demo.campaignId,
        recipients: Array.from({ length: RECIPIENTS }, () => ({
          ...demo.recipient,
          type: 'external',
          userId: `${randomUUID()}@shop.example`,
        })),
      }));
      const answers = await Promise.all(calls.map((call) => stack.trigger(call)));
      assert.ok(answers.every((answer) => answer.status === 202));
      const { rows: accepted } = await stack.pool.query<{ id: string }>(
        'SELECT unnest(message_ids) AS id FROM executions WHERE campaign_id = $1',
        [demo.campaignId],
      );
      const ids = accepted.map((row) => row.id);
      assert.equal(ids.length, MESSAGES);
      const handedOver = async () => {
        const { rows } = await stack.pool.query(
          'SELECT message_id, count(*)::int AS n FROM sandbox_records WHERE message_id = ANY($1) GROUP BY 1',
          [ids],
        );
        return rows as { message_id: string; n: number }[];
      };
      await waitFor('some to be handed over', async () => (await handedOver()).length > 50);
      await stack.services.get('email-worker')!.kill();
      const before = (await handedOver()).length;
      assert.ok(before < MESSAGES, 'the worker was killed while work was under way');
      await stack.start('email-worker');

      const latest = await waitFor('every message to end', async () => {
        const { rows } = await stack.pool.query<{ id: string; state: string; possible_duplicate: boolean }>(
          `SELECT DISTINCT ON (message_id) message_id AS id, state, possible_duplicate FROM message_events
           WHERE message_id = ANY($1) ORDER BY message_id, sequence DESC`,
          [ids],
        );
        return rows.length === MESSAGES && rows.every((row) => row.state === 'sent') && rows;
      });
      const marked = new Set(latest.filter((row) => row.possible_duplicate).map((row) => row.id));
      const given = await handedOver();
      assert.equal(given.length, MESSAGES, 'every message reached the provider');
      const doubled = given.filter((row) => row.n > 1);
      assert.ok(
        doubled.every((row) => row.n === 2 && marked.has(row.message_id)),
        'a double is always marked',
      );
      assert.equal((await stack.pool.query('SELECT 1 FROM batches')).rowCount, 0);
      t.diagnostic(
        `killed after ${before}; unknown and sent again: ${marked.size}, of which at the provider twice: ${doubled.length}`,
      );
    });
  });
}

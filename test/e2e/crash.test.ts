import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, QUEUE_STORES, waitFor } from '@outrigger/testkit';
import { callToStrangers, createDemo, startStack, type TestStack } from './stack.ts';

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

    const untilSent = (executionId: string) =>
      waitFor('the message to be sent', async () => {
        const { rows } = await stack.pool.query(
          `SELECT 1 FROM message_history v JOIN executions e ON v.message_id = ANY (e.message_ids)
           WHERE e.execution_id = $1 AND v.state = 'sent' AND NOT v.possible_duplicate`,
          [executionId.replace('UMA-', '')],
        );
        return rows.length === 1;
      });

    test('all of them end, none is missing, and none is doubled without being marked', async (t) => {
      const demo = await createDemo(stack, 'order');
      const calls = Array.from({ length: MESSAGES / RECIPIENTS }, () => callToStrangers(demo, RECIPIENTS));
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
          `SELECT DISTINCT ON (message_id) message_id AS id, state, possible_duplicate FROM message_history
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

    // What it was to put into the queue is nowhere: its jobs go where nobody looks, and it dies.
    test('an ingress dies between its commit and the queue: the message goes out seconds later', async (t) => {
      const demo = await createDemo(stack, 'order');
      await stack.services.get('ingress')!.stop();
      const ingress = await stack.start('ingress', { QUEUE_PREFIX: `nowhere_${randomUUID().slice(0, 8)}` });
      const { status, body } = await stack.trigger(callToStrangers(demo));
      assert.equal(status, 202);
      const acceptedAt = performance.now();
      await ingress.kill();
      await untilSent(String(body.executionId));
      const tookMs = performance.now() - acceptedAt;
      t.diagnostic(`sent ${Math.round(tookMs)} ms after it was accepted`);
      assert.ok(tookMs > 1_500, 'nobody else had put it into the queue');
      assert.ok(tookMs < 15_000, `it took ${Math.round(tookMs)} ms: only the sweep found it`);
      await stack.start('ingress');
    });

    // The moment between the two stores: the queue says that the worker has the job, the ledger knows nothing of it.
    for (const claim of ['never reaches the ledger', 'is committed after its death'] as const) {
      test(`a worker dies between taking a job and its claim, which ${claim}: the message does not wait for the sweep`, async (t) => {
        const demo = await createDemo(stack, 'order');
        await stack.services.get('email-worker')!.stop();
        const { body } = await stack.trigger(callToStrangers(demo));
        const lock = await stack.pool.connect();
        try {
          await lock.query('BEGIN');
          // A worker may take long to start where many others do.
          await lock.query('SET LOCAL idle_in_transaction_session_timeout = 0');
          await lock.query('LOCK TABLE batches IN SHARE MODE');
          const worker = await stack.start('email-worker');
          const claiming = await waitFor('the claim to wait for the lock', async () => {
            const { rows } = await stack.pool.query<{ pid: number }>(
              `SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
               WHERE NOT l.granted AND l.relation = 'batches'::regclass AND a.application_name = 'outrigger worker'`,
            );
            return rows.length > 0 && rows;
          });
          await worker.kill();
          if (claim === 'never reaches the ledger') {
            for (const { pid } of claiming) await stack.pool.query('SELECT pg_terminate_backend($1)', [pid]);
          } else await stack.start('email-worker');
        } finally {
          await lock.query('ROLLBACK');
          lock.release();
        }
        if (claim === 'never reaches the ledger') await stack.start('email-worker');
        const freedAt = performance.now();
        await untilSent(String(body.executionId));
        const tookMs = performance.now() - freedAt;
        t.diagnostic(`sent ${Math.round(tookMs)} ms after the worker was back`);
        assert.ok(tookMs < 25_000, `it took ${Math.round(tookMs)} ms: only the sweep found it`);
      });
    }
  });
}

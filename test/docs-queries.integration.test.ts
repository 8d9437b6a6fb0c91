import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Outcome } from '@outrigger/core';
import { acceptGroup, claimBatches, decideUnsettled, recordOutcomes } from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from '../packages/store/test/fixtures.ts';

// The queries that docs/lifecycle.md gives to people who are in a hurry, on a ledger with one message of each kind.
const { pool } = await openTestLedger();
const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'lifecycle.md'), 'utf8');
const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => match[1]!);

async function answerTo(words: string): Promise<Record<string, unknown>[]> {
  const query = queries.find((one) => one.includes(words));
  assert.ok(query, `docs/lifecycle.md has no query with: ${words}`);
  return (await pool.query<Record<string, unknown>>(query)).rows;
}

test('the queries of the lifecycle page find what was sent again, what waits, what is held and what is lost', async () => {
  const call = callFor(await createLiveCampaign(pool), 5);
  const [sent, resent, held, waiting, outstanding] = call.messageIds as [string, string, string, string, string];
  const { batches } = await acceptGroup(pool, [call]);
  const { batchId } = batches[0]!;
  const token = randomUUID();
  await claimBatches(pool, [{ batchId, token }], 'worker', 60_000);
  const of = (messageId: string, outcome: Outcome, extra = {}) => ({
    ...{ batchId, token, messageId, tenantId: call.tenantId, provider: 'ses', outcome },
    ...extra,
  });
  const unknown: Outcome = { state: 'unknown', code: 'ambiguous.timeout' };
  const [past, ahead] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
  await recordOutcomes(pool, [
    of(sent, { state: 'sent', providerMessageId: 'p-1' }),
    of(resent, unknown, { policy: 'resend', decideAt: past }),
    of(held, unknown, { policy: 'hold', decideAt: past }),
    of(waiting, unknown, { policy: 'resend', decideAt: ahead }),
  ]);
  assert.equal((await decideUnsettled(pool)).resent, 1);

  const byDay = await answerTo('AS sent_again');
  assert.deepEqual(
    byDay.map((row) => row.sent_again),
    ['1'],
  );
  const again = await answerTo('SELECT DISTINCT ON (message_id) message_id, state');
  assert.deepEqual(
    again.map((row) => [row.message_id, row.state]),
    [[resent, 'queued']],
  );
  const unsettled = await answerTo('AS next_decision');
  assert.deepEqual(
    unsettled.map((row) => [row.policy, row.messages, row.next_decision]),
    [['resend', '1', ahead]],
  );
  const forPeople = await answerTo("latest.state = 'unknown'");
  assert.deepEqual(
    forPeople.map((row) => row.message_id),
    [held],
  );

  assert.deepEqual(await answerTo('latest USING'), []);
  await pool.query('DELETE FROM batches');
  const lost = await answerTo('latest USING');
  assert.deepEqual(lost.map((row) => row.message_id).toSorted(), [resent, outstanding].toSorted());
});

test('every query in the docs runs', async () => {
  assert.ok(queries.length >= 5);
  for (const query of queries) await pool.query(query);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptGroup, readExecution } from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { callFor, createLiveCampaign, withOtherIds } from './fixtures.ts';

const { pool } = await openTestLedger();

async function count(table: string, column: string, ids: string[]): Promise<number> {
  const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${column} = ANY($1)`, [ids]);
  return rows[0].n;
}

test('a group is written whole, and its messages wait in batches of at most a hundred', async () => {
  const campaign = await createLiveCampaign(pool);
  const calls = Array.from({ length: 13 }, () => callFor(campaign, 20));
  const { results, batches } = await acceptGroup(pool, calls);
  assert.deepEqual(new Set(results.map((result) => result.kind)), new Set(['accepted']));
  assert.equal(batches.length, 3);
  const { rows } = await pool.query('SELECT message_ids FROM batches WHERE batch_id = ANY($1)', [
    batches.map((batch) => batch.batchId),
  ]);
  const batched = rows.flatMap((row) => row.message_ids as string[]);
  assert.deepEqual(batched.toSorted(), calls.flatMap((call) => call.messageIds).toSorted());
  assert.ok(rows.every((row) => row.message_ids.length <= 100));
});

test('the same key and content answers the first execution and writes nothing', async () => {
  const campaign = await createLiveCampaign(pool);
  const first = callFor(campaign, 2);
  const again = { ...withOtherIds(first), createdBy: 'other key' };
  await acceptGroup(pool, [first]);
  const { results, batches } = await acceptGroup(pool, [again]);
  assert.deepEqual(results[0], {
    kind: 'replayed',
    fingerprint: first.fingerprint,
    executionId: first.executionId,
    acceptedAt: first.acceptedAt,
    createdBy: 'key',
  });
  assert.deepEqual(batches, []);
  assert.equal(await count('messages', 'message_id', again.messageIds), 0);
});

test('the same key with other content is a conflict, and the others of its group are accepted', async () => {
  const campaign = await createLiveCampaign(pool);
  const first = callFor(campaign);
  await acceptGroup(pool, [first]);
  const clash = callFor(campaign, 1, { requestKey: first.requestKey });
  const other = callFor(campaign);
  const { results } = await acceptGroup(pool, [clash, other]);
  assert.deepEqual(results[0], { kind: 'conflict', executionId: first.executionId });
  assert.equal(results[1]?.kind, 'accepted');
  assert.equal(await count('executions', 'execution_id', [clash.executionId]), 0);
});

test('eight writers with the same keys in different order make one execution each and never deadlock', async () => {
  const campaign = await createLiveCampaign(pool);
  const calls = Array.from({ length: 40 }, () => callFor(campaign));
  const copies = Array.from({ length: 8 }, (_, writer) => {
    const own = calls.map(withOtherIds);
    return writer % 2 === 0 ? own : own.reverse();
  });
  const written = await Promise.all(copies.map((copy) => acceptGroup(pool, copy)));
  const kinds = written.flatMap(({ results }) => results.map((result) => result.kind));
  assert.equal(kinds.filter((kind) => kind === 'accepted').length, 40);
  assert.equal(kinds.filter((kind) => kind === 'replayed').length, 280);
});

test('a tenant reads its own execution and no other', async () => {
  const [mine, theirs] = [await createLiveCampaign(pool), await createLiveCampaign(pool)];
  const call = callFor(mine, 2);
  await acceptGroup(pool, [call]);
  const account = await readExecution(pool, mine.tenantId, call.executionId);
  assert.deepEqual(
    account?.messages.map((message) => [message.messageId, message.state]),
    call.messageIds.map((id) => [id, 'queued']),
  );
  assert.equal(await readExecution(pool, theirs.tenantId, call.executionId), undefined);
});

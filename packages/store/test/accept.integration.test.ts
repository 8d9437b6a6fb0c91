import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdAllocator } from '@outrigger/core';
import { acceptGroup, dropOldRequestKeys, ensurePartitions, readExecution } from '@outrigger/store';
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
  const content = JSON.stringify({ recipients: [{ type: 'external', userId: 'other', namespace: 'email' }] });
  const clash = callFor(campaign, 1, { requestKey: first.requestKey, content });
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

test('a key of the day before still answers its call again, and older days go as tables', async () => {
  const campaign = await createLiveCampaign(pool);
  const first = callFor(campaign);
  await acceptGroup(pool, [first]);
  await pool.query('UPDATE request_keys SET day = day - 1 WHERE request_key = $1', [first.requestKey]);
  const { results } = await acceptGroup(pool, [withOtherIds(first)]);
  assert.equal(results[0]?.kind, 'replayed');

  assert.deepEqual(await dropOldRequestKeys(pool, Date.now()), [], 'yesterday and today are kept');
  const afterTomorrow = Date.now() + 2 * 86_400_000;
  const dropped = await dropOldRequestKeys(pool, afterTomorrow);
  assert.equal(dropped.length, 2);
  await ensurePartitions(pool, Date.now());
  const again = await acceptGroup(pool, [withOtherIds(first)]);
  assert.equal(again.results[0]?.kind, 'accepted', 'after its window the key is free');
});

test('the same key with the same content in another order of members is a repetition', async () => {
  const campaign = await createLiveCampaign(pool);
  const content = '{"recipients":[{"type":"external","userId":"one","namespace":"email"}]}';
  const turned = '{"recipients":[{"namespace":"email","userId":"one","type":"external"}]}';
  const first = callFor(campaign, 1, { content });
  await acceptGroup(pool, [first]);
  const { requestKey } = first;
  const again = callFor(campaign, 1, { requestKey, content: turned });
  const elsewhere = callFor(await createLiveCampaign(pool), 1, { requestKey, content: turned });
  const kinds = [];
  for (const item of [again, elsewhere]) kinds.push((await acceptGroup(pool, [item])).results[0]?.kind);
  assert.deepEqual(kinds, ['replayed', 'conflict']);
});

test('near midnight a key is written under both days, and a repetition on either side finds it', async () => {
  const campaign = await createLiveCampaign(pool);
  const call = callFor(campaign);
  await acceptGroup(pool, [call]);
  // As a statement of the new day's first seconds finds what one of the old day's last seconds wrote.
  await pool.query(
    'INSERT INTO request_keys SELECT request_key, fingerprint, execution_id, day + 1 FROM request_keys WHERE request_key = $1',
    [call.requestKey],
  );
  const { results } = await acceptGroup(pool, [withOtherIds(call)]);
  assert.deepEqual(results[0], {
    kind: 'replayed',
    executionId: call.executionId,
    acceptedAt: call.acceptedAt,
    createdBy: 'key',
  });
});

test('a group with repetitions keeps every other call of the same bundle, with its own content', async () => {
  const campaign = await createLiveCampaign(pool);
  const known = callFor(campaign, 3);
  await acceptGroup(pool, [known]);
  const ids = createIdAllocator(100);
  const calls = [callFor(campaign, 2), known, callFor(campaign, 1)].map((call) => ({
    ...call,
    ...ids.take('', call.messageIds.length),
  }));
  const { results, batches } = await acceptGroup(pool, calls);
  assert.deepEqual(
    results.map((result) => result.kind),
    ['accepted', 'replayed', 'accepted'],
  );
  const { rows } = await pool.query('SELECT message_ids FROM batches WHERE batch_id = $1', [batches[0]!.batchId]);
  assert.deepEqual(rows[0].message_ids, [...calls[0]!.messageIds, ...calls[2]!.messageIds]);
  const contents = await pool.query('SELECT execution_id, content FROM contents_of($1) ORDER BY execution_id', [
    calls.map((call) => call.executionId),
  ]);
  assert.deepEqual(
    contents.rows.map((row) => row.content),
    [calls[0]!.content, calls[2]!.content],
  );
  await pool.query('SELECT erase_contents($1)', [[calls[0]!.executionId]]);
  const left = await pool.query('SELECT content FROM contents_of($1) ORDER BY execution_id', [
    calls.map((call) => call.executionId),
  ]);
  assert.deepEqual(
    left.rows.map((row) => row.content),
    [null, calls[2]!.content],
  );
});

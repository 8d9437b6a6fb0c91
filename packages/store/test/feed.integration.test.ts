import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createIdAllocator } from '@outrigger/core';
import {
  type AcceptItem,
  acceptGroup,
  claimBatches,
  feedQueue,
  readAccount,
  readExecution,
  recordOutcomes,
  sweepLost,
  sweepWaiting,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from './fixtures.ts';

const { pool } = await openTestLedger();

/** Calls of one recipient each that came in one by one while the queue had enough of the tenant. */
async function holdBackCalls(count: number) {
  const campaign = await createLiveCampaign(pool);
  const calls: AcceptItem[] = [];
  for (let n = 0; n < count; n++) {
    const call = { ...callFor(campaign), ...createIdAllocator(100).take('', 1) };
    const { batches } = await acceptGroup(pool, [call], () => true);
    assert.deepEqual(batches, [], 'the queue is given nothing');
    calls.push(call);
  }
  return { campaign, calls };
}

test('what was held back is fed in as far as there is room, small batches together, every message once', async () => {
  const { campaign, calls } = await holdBackCalls(120);
  const first = await feedQueue(pool, 70);
  const second = await feedQueue(pool, 70);
  assert.deepEqual(second, [], 'there is no room as long as nothing is claimed');
  const third = await feedQueue(pool, 1_000);
  const { rows } = await pool.query<{ batch_id: string; message_ids: string[]; fed: boolean }>(
    `SELECT batch_id, message_ids, enqueued_at > '-infinity' AS fed FROM batches WHERE tenant_id = $1`,
    [campaign.tenantId],
  );
  assert.ok(rows.every((row) => row.fed && row.message_ids.length <= 100));
  assert.ok(rows.length <= 4, `${rows.length} batches for 120 messages`);
  assert.deepEqual(
    rows.flatMap((row) => row.message_ids).toSorted(),
    calls.flatMap((call) => call.messageIds).toSorted(),
  );
  assert.deepEqual(
    [...first, ...third].map((batch) => batch.batchId).toSorted(),
    rows.map((row) => row.batch_id).toSorted(),
  );
});

test('a batch of many bundles is claimed with everybody’s own data, and recorded', async () => {
  const { campaign, calls } = await holdBackCalls(30);
  const fed = (await sweepWaiting(pool, 60_000)).filter((batch) => batch.tenantId === campaign.tenantId);
  assert.equal(fed.length, 1, 'the sweep feeds');
  const token = randomUUID();
  const batch = (await claimBatches(pool, [{ batchId: fed[0]!.batchId, token }], 'worker', 60_000)).get(
    fed[0]!.batchId,
  )!;
  assert.deepEqual(
    // Ids of one millisecond have no order among each other.
    batch.messages.map((message) => [message.messageId, message.executionId, message.recipient.userId]).toSorted(),
    calls.map((call) => [call.messageIds[0], call.executionId, 'person0@example.com']).toSorted(),
  );
  const items = batch.messages.map(({ messageId, tenantId }) => ({
    ...{ batchId: batch.batchId, token, messageId, tenantId, provider: 'ses', pass: batch.pass },
    outcome: { state: 'sent', providerMessageId: `p-${messageId}` } as const,
  }));
  // In two groups, in no order: the second finds what the first left.
  const { recorded } = await recordOutcomes(pool, items.filter((_, index) => index % 3 === 0).toReversed());
  assert.equal(recorded.size, 10);
  await recordOutcomes(pool, items);
  for (const call of calls) {
    const [message] = (await readExecution(pool, campaign.tenantId, call.executionId))!.messages;
    assert.deepEqual([message!.state, message!.events.length], ['sent', 2]);
    assert.equal(message!.events[1]!.providerMessageId, `p-${message!.messageId}`);
  }
  const [account] = await readAccount(pool, calls[0]!.acceptedAt, new Date(Date.now() + 1_000), campaign.tenantId);
  assert.deepEqual([account!.ended, account!.waiting, account!.lost], [30, 0, 0]);
});

test('a queue store that lost everything is given again what it had, and not what was held back', async () => {
  const { campaign } = await holdBackCalls(3);
  const { batches } = await acceptGroup(pool, [callFor(campaign)]);
  const lost = (await sweepLost(pool, -60_000)).filter((batch) => batch.tenantId === campaign.tenantId);
  assert.deepEqual(
    lost.map((batch) => batch.batchId),
    batches.map((batch) => batch.batchId),
  );
});

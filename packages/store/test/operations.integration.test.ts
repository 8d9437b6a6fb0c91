import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Outcome } from '@outrigger/core';
import {
  acceptGroup,
  advanceCampaigns,
  applyBrake,
  claimBatches,
  decideUnsettled,
  expireDeadLetters,
  listBrakes,
  listDeadLetters,
  readAccount,
  readAudit,
  readBacklog,
  readDeadLetter,
  readExecution,
  recordOutcomes,
  redriveDeadLetters,
  releaseBatches,
  releaseBrake,
  repairLost,
  splitBatch,
  sweepWaiting,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from './fixtures.ts';

const { pool } = await openTestLedger();
const everything = { filter: {}, includeUnknown: false, limit: 1_000, by: 'ops' };

async function claim(batchId: string) {
  const token = randomUUID();
  return (await claimBatches(pool, [{ batchId, token }], 'worker', 60_000)).get(batchId);
}

/** Accepts one call and ends its messages with the outcome. */
async function endWith(outcome: Outcome, recipients = 1, extra: object = {}) {
  const campaign = await createLiveCampaign(pool);
  await pool.query(
    `UPDATE campaign_versions SET definition = '{"on_unknown": "hold", "deadline_ms": 60000}' WHERE version_id = $1`,
    [campaign.versionId],
  );
  const call = callFor(campaign, recipients);
  const { batches } = await acceptGroup(pool, [call]);
  const batch = (await claim(batches[0]!.batchId))!;
  await recordOutcomes(
    pool,
    batch.messages.map(({ messageId, tenantId }) => ({
      batchId: batch.batchId,
      token: batch.token,
      messageId,
      tenantId,
      outcome,
      provider: 'ses',
      ...extra,
    })),
  );
  return { campaign, call };
}

async function batchesOf(tenantId: number) {
  const { rows } = await pool.query<{
    batch_id: string;
    message_ids: string[];
    eligible_at: Date;
    possible_duplicate: boolean;
  }>('SELECT * FROM batches WHERE tenant_id = $1 ORDER BY eligible_at', [tenantId]);
  return rows;
}

const failed: Outcome = { state: 'failed', code: 'permanent.recipient', detail: '550 5.1.1' };

test('a failed message becomes a dead letter that is found by code, campaign and provider, by its tenant alone', async () => {
  const { campaign, call } = await endWith(failed, 3);
  const other = await createLiveCampaign(pool);
  const page = { limit: 2 };
  const found = await listDeadLetters(pool, campaign.tenantId, { code: 'permanent.recipient', provider: 'ses' }, page);
  assert.equal(found.totalCount, 3);
  assert.equal(found.letters.length, 2);
  const next = await listDeadLetters(pool, campaign.tenantId, {}, { limit: 2, before: found.letters[1]! });
  assert.equal(next.letters.length, 1);
  assert.deepEqual(
    [...found.letters, ...next.letters].map((letter) => letter.messageId).toSorted(),
    call.messageIds.toSorted(),
  );
  assert.equal((await listDeadLetters(pool, campaign.tenantId, { code: 'permanent.content' }, page)).totalCount, 0);
  assert.equal((await listDeadLetters(pool, other.tenantId, {}, page)).totalCount, 0);
  assert.equal(await readDeadLetter(pool, other.tenantId, call.messageIds[0]!), undefined);
});

test('two people who redrive at once send once', async () => {
  const { campaign, call } = await endWith(failed, 20);
  const taken = await Promise.all(
    Array.from({ length: 6 }, () => redriveDeadLetters(pool, campaign.tenantId, everything)),
  );
  assert.deepEqual(taken.flat().toSorted(), call.messageIds.toSorted());
  const batched = (await batchesOf(campaign.tenantId)).flatMap((batch) => batch.message_ids);
  assert.deepEqual(batched.toSorted(), call.messageIds.toSorted());
});

test('a redriven message goes to the corrected recipient, with a new deadline and its history', async () => {
  const { campaign, call } = await endWith(failed);
  const dead = (await readDeadLetter(pool, campaign.tenantId, call.messageIds[0]!))!;
  const recipient = { ...dead.recipient!, channelData: { emailAddress: 'right@example.com' } };
  await redriveDeadLetters(pool, campaign.tenantId, { ...everything, messageIds: call.messageIds, recipient });
  const [waiting] = await batchesOf(campaign.tenantId);
  const batch = (await claim(waiting!.batch_id))!;
  assert.equal(batch.messages[0]!.recipient.channelData?.emailAddress, 'right@example.com');
  assert.ok(batch.messages[0]!.expiresAt.getTime() > Date.now());
  const account = await readExecution(pool, campaign.tenantId, call.executionId);
  assert.deepEqual(
    account!.messages[0]!.events.map((event) => event.state),
    ['queued', 'failed', 'queued'],
  );
  const [entry] = await readAudit(pool, campaign.tenantId, 1);
  assert.equal(entry!.action, 'dead_letters.redrive');
  assert.equal(entry!.actor, 'ops');
});

test('a mass redrive keeps to its rate: batches of one second each become due one after the other', async () => {
  const { campaign } = await endWith(failed, 20);
  await redriveDeadLetters(pool, campaign.tenantId, { ...everything, ratePerSecond: 5 });
  const batches = await batchesOf(campaign.tenantId);
  assert.deepEqual(
    batches.map((batch) => batch.message_ids.length),
    [5, 5, 5, 5],
  );
  const seconds = batches.map((batch) => (batch.eligible_at.getTime() - batches[0]!.eligible_at.getTime()) / 1_000);
  assert.deepEqual(seconds, [0, 1, 2, 3]);
});

test('a held unknown is redriven only on purpose, and is then marked as a possible duplicate', async () => {
  const unknown: Outcome = { state: 'unknown', code: 'ambiguous.timeout' };
  const { campaign, call } = await endWith(unknown, 1, { policy: 'hold', decideAt: new Date(0) });
  assert.equal((await decideUnsettled(pool)).held, 1);
  const dead = await listDeadLetters(pool, campaign.tenantId, { state: 'unknown' }, { limit: 10 });
  assert.equal(dead.letters[0]!.code, 'ambiguous.timeout');
  assert.deepEqual(await redriveDeadLetters(pool, campaign.tenantId, everything), []);
  assert.deepEqual(
    await redriveDeadLetters(pool, campaign.tenantId, { ...everything, includeUnknown: true }),
    call.messageIds,
  );
  const [waiting] = await batchesOf(campaign.tenantId);
  assert.equal(waiting!.possible_duplicate, true);
});

test('dead letters that are given up end as expired', async () => {
  const { campaign, call } = await endWith(failed, 2);
  assert.equal(await expireDeadLetters(pool, campaign.tenantId, { filter: {}, by: 'ops' }), 2);
  const account = await readExecution(pool, campaign.tenantId, call.executionId);
  assert.deepEqual(
    account!.messages.map((message) => [message.state, message.code]),
    [
      ['expired', 'expired.given_up'],
      ['expired', 'expired.given_up'],
    ],
  );
});

test('a brake is seen by the next claim, holds what it stopped, and lets it go when released', async () => {
  const campaign = await createLiveCampaign(pool);
  const { batches } = await acceptGroup(pool, [callFor(campaign)]);
  const pause = { scope: 'campaign', target: campaign.campaignId, action: 'pause', ratePerSecond: null } as const;
  const brake = await applyBrake(pool, { tenantId: campaign.tenantId, ...pause, by: 'ops' });
  const batch = (await claim(batches[0]!.batchId))!;
  assert.ok(batch.brakes.some((one) => one.brake_id === brake.brakeId && one.action === 'pause'));
  const outcome: Outcome = { state: 'deferred', code: 'policy.paused', costsAttempt: false, brakeId: brake.brakeId };
  const [message] = batch.messages;
  const { retries } = await recordOutcomes(pool, [
    {
      batchId: batch.batchId,
      token: batch.token,
      messageId: message!.messageId,
      tenantId: message!.tenantId,
      outcome,
      provider: 'ses',
      brakeId: brake.brakeId,
    },
  ]);
  assert.deepEqual(retries, [], 'nothing to enqueue while it is held');
  const [held] = await batchesOf(campaign.tenantId);
  assert.equal(await claim(held!.batch_id), undefined);
  assert.equal((await listBrakes(pool, campaign.tenantId)).length, 1);
  await releaseBrake(pool, campaign.tenantId, brake.brakeId, 'ops');
  assert.deepEqual(await listBrakes(pool, campaign.tenantId), []);
  assert.ok((await sweepWaiting(pool, 30_000)).some((one) => one.batchId === held!.batch_id));
  assert.equal((await claim(held!.batch_id))!.attempt, 1);
});

test("another tenant cannot release a brake, and a new brake takes the old one's place", async () => {
  const [mine, theirs] = [await createLiveCampaign(pool), await createLiveCampaign(pool)];
  const brake = { tenantId: mine.tenantId, scope: 'tenant', target: 'all', ratePerSecond: null, by: 'ops' } as const;
  const first = await applyBrake(pool, { ...brake, action: 'pause' });
  assert.equal(await releaseBrake(pool, theirs.tenantId, first.brakeId, 'them'), undefined);
  const second = await applyBrake(pool, { ...brake, action: 'cancel' });
  assert.deepEqual(
    (await listBrakes(pool, mine.tenantId)).map((one) => one.brakeId),
    [second.brakeId],
  );
});

test('the backlog and the account add up, and a message that fell out of its batch is found and repaired', async () => {
  const from = new Date();
  const campaign = await createLiveCampaign(pool);
  const call = callFor(campaign, 5);
  await acceptGroup(pool, [call]);
  const mine = <Row extends { tenantId: number }>(rows: Row[]) =>
    rows.find((row) => row.tenantId === campaign.tenantId);
  assert.equal(mine(await readBacklog(pool))!.messages, 5);
  const to = new Date(Date.now() + 60_000);
  assert.deepEqual(mine(await readAccount(pool, from, to)), {
    tenantId: campaign.tenantId,
    accepted: 5,
    ended: 0,
    waiting: 5,
    lost: 0,
  });
  await pool.query('DELETE FROM batches WHERE tenant_id = $1', [campaign.tenantId]);
  assert.equal(mine(await readAccount(pool, from, to))!.lost, 5);
  assert.equal(await repairLost(pool, from, to), 5);
  assert.deepEqual(mine(await readAccount(pool, from, to)), {
    tenantId: campaign.tenantId,
    accepted: 5,
    ended: 0,
    waiting: 5,
    lost: 0,
  });
});

test('a scheduled campaign becomes live at its start and completed at its end', async () => {
  const campaign = await createLiveCampaign(pool);
  const status = async () =>
    (await pool.query('SELECT status FROM campaigns WHERE campaign_id = $1', [campaign.campaignId])).rows[0].status;
  const window = (start: string, end: string) =>
    pool.query(
      `UPDATE campaign_versions SET definition = jsonb_build_object('start_at', (now() + $2::interval)::text, 'end_at', (now() + $3::interval)::text)
       WHERE version_id = $1`,
      [campaign.versionId, start, end],
    );
  await pool.query(`UPDATE campaigns SET status = 'SCHEDULED' WHERE campaign_id = $1`, [campaign.campaignId]);
  await window('1 hour', '2 hours');
  await advanceCampaigns(pool);
  assert.equal(await status(), 'SCHEDULED');
  await window('-1 hour', '1 hour');
  await advanceCampaigns(pool);
  assert.equal(await status(), 'LIVE');
  await window('-2 hours', '-1 hour');
  await advanceCampaigns(pool);
  assert.equal(await status(), 'COMPLETED');
});

test('a batch that is split leaves one batch a message, each remembering its claims and strikes', async () => {
  const campaign = await createLiveCampaign(pool);
  const call = callFor(campaign, 3);
  const { batches } = await acceptGroup(pool, [call]);
  const first = (await claim(batches[0]!.batchId))!;
  await releaseBatches(pool, [{ ...first, strike: true }]);
  const batch = (await claim(batches[0]!.batchId))!;
  assert.equal(batch.strikes, 1);
  const singles = await splitBatch(pool, batch);
  assert.deepEqual(
    singles.map((single) => single.claims),
    [2, 2, 2],
  );
  assert.equal((await claim(singles[0]!.batchId))!.strikes, 1);
  assert.deepEqual(await splitBatch(pool, batch), [], 'the token is gone with the batch');
  const held = (await batchesOf(campaign.tenantId)).map((one) => one.message_ids);
  assert.deepEqual(held.flat().toSorted(), call.messageIds.toSorted());
});

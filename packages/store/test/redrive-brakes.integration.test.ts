import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Outcome } from '@outrigger/core';
import {
  acceptGroup,
  applyBrake,
  claimBatches,
  listBrakes,
  readAccount,
  readDeadLetter,
  readStanding,
  readTenantBacklog,
  recordOutcomes,
  redriveDeadLetters,
  releaseBrake,
  sweepWaiting,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from './fixtures.ts';

const { pool } = await openTestLedger();
const everything = { filter: {}, includeUnknown: false, limit: 1_000, by: 'ops' };
const DEADLINE_MS = 60_000;
const SWEEP_AFTER_MS = 30_000;

async function campaignWithDeadline() {
  const campaign = await createLiveCampaign(pool);
  await pool.query('UPDATE campaign_versions SET definition = $2 WHERE version_id = $1', [
    campaign.versionId,
    { on_unknown: 'hold', deadline_ms: DEADLINE_MS },
  ]);
  return campaign;
}

type Campaign = Awaited<ReturnType<typeof campaignWithDeadline>>;

async function claim(batchId: string) {
  const token = randomUUID();
  return (await claimBatches(pool, [{ batchId, token }], 'worker', 60_000)).get(batchId)!;
}

async function record(batch: Awaited<ReturnType<typeof claim>>, outcome: Outcome, brakeId?: string) {
  await recordOutcomes(
    pool,
    batch.messages.map(({ messageId, tenantId }) => ({
      batchId: batch.batchId,
      token: batch.token,
      messageId,
      tenantId,
      outcome,
      provider: 'ses',
      ...(brakeId !== undefined && { brakeId }),
    })),
  );
}

async function accept(campaign: Campaign, recipients = 1) {
  const call = callFor(campaign, recipients);
  const { batches } = await acceptGroup(pool, [call]);
  return { call, batchId: batches[0]!.batchId };
}

async function die(campaign: Campaign, recipients = 1) {
  const { call, batchId } = await accept(campaign, recipients);
  await record(await claim(batchId), { state: 'failed', code: 'permanent.recipient' });
  return call;
}

/** A worker's claim that saw the brake, and its record that the brake holds the batch. */
async function hold(campaign: Campaign, brakeId: string) {
  const { batchId } = await accept(campaign);
  const batch = await claim(batchId);
  return () => record(batch, { state: 'deferred', code: 'policy.paused', costsAttempt: false, brakeId }, brakeId);
}

const brake = (campaign: Campaign, action: 'pause' | 'cancel', scope: 'campaign' | 'tenant' = 'campaign') =>
  applyBrake(pool, {
    tenantId: campaign.tenantId,
    scope,
    target: scope === 'tenant' ? 'all' : campaign.campaignId,
    action,
    ratePerSecond: null,
    by: 'ops',
  });

async function laneOf(campaign: Campaign) {
  const [lane] = await readTenantBacklog(pool, campaign.tenantId);
  const { due = 0, later = 0, paused = 0, sending = 0, deadLetters = 0 } = lane ?? {};
  return { due, later, paused, sending, deadLetters };
}

test('a redriven message is given to the queue by the next sweep, and each has its whole deadline from its turn on', async () => {
  const campaign = await campaignWithDeadline();
  await die(campaign, 3);
  await redriveDeadLetters(pool, campaign.tenantId, { ...everything, ratePerSecond: 1 });
  const { rows } = await pool.query<{ wait_ms: number }>(
    `SELECT extract(epoch FROM o.expires_at - b.eligible_at) * 1000 AS wait_ms FROM batches b
     JOIN message_overrides o ON o.message_id = b.message_ids[1] WHERE b.tenant_id = $1`,
    [campaign.tenantId],
  );
  assert.deepEqual(
    rows.map((row) => Number(row.wait_ms)),
    [DEADLINE_MS, DEADLINE_MS, DEADLINE_MS],
  );
  assert.deepEqual(await laneOf(campaign), { due: 1, later: 2, paused: 0, sending: 0, deadLetters: 0 });
  const swept = (await sweepWaiting(pool, SWEEP_AFTER_MS)).filter((one) => one.tenantId === campaign.tenantId);
  const delays = swept.map((one) => one.delayMs ?? 0).toSorted((a, b) => a - b);
  assert.equal(delays[0], 0);
  assert.ok(delays[1]! > 0 && delays[1]! <= 1_000 && delays[2]! > 1_000 && delays[2]! <= 2_000, String(delays));
  const again = (await sweepWaiting(pool, SWEEP_AFTER_MS)).filter((one) => one.tenantId === campaign.tenantId);
  assert.deepEqual(again, []);
});

test('two lanes of messages share the rate of a mass redrive', async () => {
  const campaign = await campaignWithDeadline();
  await die(campaign, 2);
  await die(campaign, 2);
  await pool.query(
    `UPDATE dead_letters SET lane = 'sms' WHERE message_id IN (
    SELECT message_id FROM dead_letters WHERE tenant_id = $1 ORDER BY message_id LIMIT 2)`,
    [campaign.tenantId],
  );
  await redriveDeadLetters(pool, campaign.tenantId, { ...everything, ratePerSecond: 1 });
  const { rows } = await pool.query<{ at: Date }>(
    'SELECT DISTINCT eligible_at AS at FROM batches WHERE tenant_id = $1',
    [campaign.tenantId],
  );
  assert.equal(rows.length, 4);
});

test('what would be canceled at once stays a dead letter', async () => {
  const campaign = await campaignWithDeadline();
  const call = await die(campaign);
  const { brakeId } = await brake(campaign, 'cancel', 'tenant');
  assert.deepEqual(await redriveDeadLetters(pool, campaign.tenantId, everything), []);
  assert.equal((await readDeadLetter(pool, campaign.tenantId, call.messageIds[0]!))!.canceledBy, brakeId);
  await releaseBrake(pool, campaign.tenantId, brakeId, 'ops');
  await pool.query(`UPDATE campaigns SET status = 'STOPPED' WHERE campaign_id = $1`, [campaign.campaignId]);
  assert.deepEqual(await redriveDeadLetters(pool, campaign.tenantId, everything), []);
  const found = (await readDeadLetter(pool, campaign.tenantId, call.messageIds[0]!))!;
  assert.deepEqual([found.campaignStatus, found.canceledBy, found.endpoint], ['STOPPED', null, 'unitary']);
  await pool.query(`UPDATE campaigns SET status = 'LIVE' WHERE campaign_id = $1`, [campaign.campaignId]);
  assert.deepEqual(await redriveDeadLetters(pool, campaign.tenantId, everything), call.messageIds);
});

test('a worker that records a hold after the release holds its batch only until the next sweep', async () => {
  const campaign = await campaignWithDeadline();
  const { brakeId } = await brake(campaign, 'pause');
  const recordLate = await hold(campaign, brakeId);
  await releaseBrake(pool, campaign.tenantId, brakeId, 'ops');
  await recordLate();
  assert.equal((await laneOf(campaign)).paused, 1);
  const swept = await sweepWaiting(pool, SWEEP_AFTER_MS);
  assert.ok(swept.some((one) => one.tenantId === campaign.tenantId));
  assert.deepEqual(await laneOf(campaign), { due: 1, later: 0, paused: 0, sending: 0, deadLetters: 0 });
});

test('a cancel of the tenant frees what a pause of its campaign holds, and leaves other tenants alone', async () => {
  const [mine, theirs] = [await campaignWithDeadline(), await campaignWithDeadline()];
  for (const campaign of [mine, theirs]) await (await hold(campaign, (await brake(campaign, 'pause')).brakeId))();
  assert.equal((await listBrakes(pool, mine.tenantId))[0]!.held, 1);
  await brake(mine, 'cancel', 'tenant');
  assert.deepEqual([(await laneOf(mine)).paused, (await laneOf(theirs)).paused], [0, 1]);
});

test('several people who brake the same thing at once leave one brake', async () => {
  const campaign = await campaignWithDeadline();
  await Promise.all(Array.from({ length: 5 }, () => brake(campaign, 'pause')));
  assert.equal((await listBrakes(pool, campaign.tenantId)).length, 1);
});

test('how a message stands is told to its tenant alone', async () => {
  const [mine, theirs] = [await campaignWithDeadline(), await campaignWithDeadline()];
  const { call, batchId } = await accept(mine);
  const [messageId] = call.messageIds;
  assert.equal((await readStanding(pool, mine.tenantId, messageId!))!.state, 'queued');
  await claim(batchId);
  assert.equal((await readStanding(pool, mine.tenantId, messageId!))!.state, 'sending');
  assert.equal(await readStanding(pool, theirs.tenantId, messageId!), undefined);
});

test('the account of one tenant counts no other', async () => {
  const [mine, theirs] = [await campaignWithDeadline(), await campaignWithDeadline()];
  await accept(mine, 2);
  await accept(theirs, 3);
  const [from, to] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
  assert.deepEqual(await readAccount(pool, from, to, mine.tenantId), [
    { tenantId: mine.tenantId, accepted: 2, ended: 0, waiting: 2, lost: 0 },
  ]);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Outcome } from '@outrigger/core';
import {
  acceptGroup,
  type ClaimedBatch,
  claimBatches,
  decideUnsettled,
  heldTooLong,
  readDueIn,
  readExecution,
  recordOutcomes,
  releaseBatches,
  sweepLost,
  sweepWaiting,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from './fixtures.ts';

const { pool } = await openTestLedger();
const LEASE_MS = 60_000;

async function acceptOne(recipients = 1) {
  const campaign = await createLiveCampaign(pool);
  const call = callFor(campaign, recipients);
  const { batches } = await acceptGroup(pool, [call]);
  return { campaign, call, batchId: batches[0]!.batchId };
}

async function claim(batchId: string, leaseMs = LEASE_MS): Promise<ClaimedBatch | undefined> {
  return (await claimBatches(pool, [{ batchId, token: randomUUID() }], 'worker', leaseMs)).get(batchId);
}

function items(batch: ClaimedBatch, outcome: Outcome, extra: object = {}) {
  return batch.messages.map(({ messageId, tenantId }) => ({
    batchId: batch.batchId,
    token: batch.token,
    messageId,
    tenantId,
    outcome,
    provider: 'test',
    ...extra,
  }));
}

async function statesOf(tenantId: number, executionId: string) {
  const account = await readExecution(pool, tenantId, executionId);
  return account!.messages.map((message) => message.state);
}

test('a batch is claimed once; a second claim finds nothing', async () => {
  const { batchId, call, campaign } = await acceptOne(3);
  const claims = await Promise.all(Array.from({ length: 10 }, () => claim(batchId)));
  const won = claims.filter((one) => one !== undefined);
  assert.equal(won.length, 1);
  assert.deepEqual(won[0]!.messages.map((message) => message.recipient.userId).toSorted(), [
    'person0@example.com',
    'person1@example.com',
    'person2@example.com',
  ]);
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['sending', 'sending', 'sending']);
});

test('recorded messages leave their batch, and an empty batch is gone', async () => {
  const { batchId, call, campaign } = await acceptOne(2);
  const batch = (await claim(batchId))!;
  const [first, second] = items(batch, { state: 'sent', providerMessageId: 'p-1' });
  await recordOutcomes(pool, [first!]);
  const { rows } = await pool.query('SELECT message_ids FROM batches WHERE batch_id = $1', [batchId]);
  assert.deepEqual(rows[0].message_ids, [second!.messageId]);
  await recordOutcomes(pool, [second!]);
  assert.equal((await pool.query('SELECT 1 FROM batches WHERE batch_id = $1', [batchId])).rowCount, 0);
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['sent', 'sent']);
});

test('outcomes under an older claim of the same batch are not written, also when both are in one group', async () => {
  const { batchId, call, campaign } = await acceptOne(2);
  const older = (await claim(batchId))!;
  await releaseBatches(pool, [older]);
  const newer = (await claim(batchId))!;
  const stale = items(older, { state: 'excluded', code: '050020' });
  const fresh = items(newer, { state: 'sent', providerMessageId: 'p-1' });
  const first = await recordOutcomes(pool, [stale[0]!, fresh[0]!]);
  const second = await recordOutcomes(pool, [fresh[1]!, stale[1]!]);
  assert.deepEqual([...first.recorded], [fresh[0]!.messageId]);
  assert.deepEqual([...second.recorded], [fresh[1]!.messageId]);
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['sent', 'sent']);
});

test('a flush that is repeated after a lost reply writes nothing twice', async () => {
  const { batchId } = await acceptOne(2);
  const batch = (await claim(batchId))!;
  const [first] = items(batch, { state: 'sent', providerMessageId: 'p-1' });
  assert.equal((await recordOutcomes(pool, [first!])).recorded.size, 1);
  assert.equal((await recordOutcomes(pool, [first!])).recorded.size, 0);
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM message_history WHERE message_id = $1', [
    first!.messageId,
  ]);
  assert.equal(rows[0].n, 1);
});

test('a result with a token that no longer holds is not written', async () => {
  const { batchId, call, campaign } = await acceptOne();
  const frozen = (await claim(batchId))!;
  await releaseBatches(pool, [frozen]);
  const { recorded } = await recordOutcomes(pool, items(frozen, { state: 'failed', code: 'permanent.content' }));
  assert.equal(recorded.size, 0);
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['queued']);
});

test('a deferred message waits in a new batch with the next attempt', async () => {
  const { batchId, call, campaign } = await acceptOne(2);
  const batch = (await claim(batchId))!;
  const eligibleAt = new Date(Date.now() - 1);
  const deferred: Outcome = { state: 'deferred', code: 'transient.refused', costsAttempt: true };
  const { retries } = await recordOutcomes(pool, items(batch, deferred, { eligibleAt }));
  assert.equal(retries.length, 1);
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['deferred', 'deferred']);
  const again = (await claim(retries[0]!.batchId))!;
  assert.equal(again.attempt, 2);
  assert.equal(again.messages.length, 2);
  await recordOutcomes(pool, items(again, { state: 'sent', providerMessageId: 'p' }));
  const account = await readExecution(pool, campaign.tenantId, call.executionId);
  assert.deepEqual(
    account!.messages[0]!.events.map((event) => [event.state, event.attempt]),
    [
      ['queued', 0],
      ['deferred', 1],
      ['sent', 2],
    ],
  );
});

test('a throttle costs no attempt', async () => {
  const { batchId } = await acceptOne();
  const batch = (await claim(batchId))!;
  const outcome: Outcome = { state: 'deferred', code: 'transient.throttled', costsAttempt: false };
  const { retries } = await recordOutcomes(pool, items(batch, outcome, { eligibleAt: new Date(Date.now() - 1) }));
  assert.equal((await claim(retries[0]!.batchId))!.attempt, 1);
});

test('a batch that is not due is not claimed', async () => {
  const { batchId } = await acceptOne();
  const batch = (await claim(batchId))!;
  const outcome: Outcome = { state: 'deferred', code: 'transient.refused', costsAttempt: true };
  const { retries } = await recordOutcomes(pool, items(batch, outcome, { eligibleAt: new Date(Date.now() + 60_000) }));
  assert.equal(await claim(retries[0]!.batchId), undefined);
});

test('an expired claim is found, its messages become unknown, and policy resend sends them once more, marked', async () => {
  const { batchId, call, campaign } = await acceptOne();
  const batch = (await claim(batchId, -1_000))!;
  const held = (await heldTooLong(pool, 0)).filter((one) => one.batchId === batchId);
  assert.equal(held[0]!.messages[0]!.policy, 'resend');
  const unknown: Outcome = { state: 'unknown', code: 'ambiguous.worker_lost' };
  const past = new Date(Date.now() - 1);
  await recordOutcomes(pool, items(batch, unknown, { policy: 'resend', decideAt: past }));
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['unknown']);

  const decided = await decideUnsettled(pool);
  assert.equal(decided.resent, 1);
  const resend = (await claim(decided.batches[0]!.batchId))!;
  assert.equal(resend.possibleDuplicate, true);
  await recordOutcomes(pool, items(resend, unknown, { policy: 'resend', decideAt: past }));
  assert.deepEqual(
    await decideUnsettled(pool),
    { resent: 0, held: 1, evidenced: 0, batches: [] },
    'never a third time',
  );
  const account = await readExecution(pool, campaign.tenantId, call.executionId);
  assert.deepEqual(
    account!.messages[0]!.events.map((event) => [event.state, event.possibleDuplicate]),
    [
      ['queued', false],
      ['unknown', false],
      ['queued', true],
      ['unknown', true],
      ['unknown', true],
    ],
  );
});

test('a late result settles a message that had become unknown', async () => {
  const { batchId, call, campaign } = await acceptOne();
  const batch = (await claim(batchId))!;
  const decideAt = new Date(Date.now() + 60_000);
  const unknown: Outcome = { state: 'unknown', code: 'ambiguous.worker_lost' };
  await recordOutcomes(pool, items(batch, unknown, { policy: 'resend', decideAt }));
  await recordOutcomes(pool, items(batch, { state: 'sent', providerMessageId: 'late' }));
  assert.deepEqual(await statesOf(campaign.tenantId, call.executionId), ['sent']);
  const { rowCount } = await pool.query('SELECT 1 FROM unsettled_messages WHERE message_id = $1', call.messageIds);
  assert.equal(rowCount, 0);
});

test('the sweep finds waiting batches that the queue was given too long ago, once', async () => {
  const { batchId } = await acceptOne();
  await pool.query(
    `UPDATE batches SET enqueued_at = now() - interval '1 hour', eligible_at = now() - interval '1 hour' WHERE batch_id = $1`,
    [batchId],
  );
  const found = (await sweepWaiting(pool, 60_000)).map((batch) => batch.batchId);
  assert.ok(found.includes(batchId));
  assert.ok(!(await sweepWaiting(pool, 60_000)).some((batch) => batch.batchId === batchId));
});

test('after the queue lost what it had, all that waits is swept once, with its delay; what is claimed or held by a brake is not', async () => {
  const [due, later, claimed, held] = await Promise.all([acceptOne(), acceptOne(), acceptOne(), acceptOne()]);
  await pool.query(`UPDATE batches SET eligible_at = now() + interval '1 minute' WHERE batch_id = $1`, [later.batchId]);
  await pool.query(`UPDATE batches SET eligible_at = 'infinity' WHERE batch_id = $1`, [held.batchId]);
  assert.ok(await claim(claimed.batchId));
  const ours = new Set([due, later, claimed, held].map((one) => one.batchId));
  const sweep = async (lostForMs: number) => (await sweepLost(pool, lostForMs)).filter((one) => ours.has(one.batchId));
  const swept = new Map((await sweep(0)).map((one) => [one.batchId, one.delayMs]));
  assert.deepEqual(new Set(swept.keys()), new Set([due.batchId, later.batchId]));
  assert.equal(swept.get(due.batchId), undefined);
  assert.ok(swept.get(later.batchId)! > 50_000);
  // Given to the queue less than a minute ago, so after that loss.
  assert.deepEqual(await sweep(60_000), []);
});

test('whoever could not claim a batch learns whether it waits, and until when', async () => {
  const [due, later, claimed] = await Promise.all([acceptOne(), acceptOne(), acceptOne()]);
  await pool.query(`UPDATE batches SET eligible_at = now() + interval '1 minute' WHERE batch_id = $1`, [later.batchId]);
  assert.ok(await claim(claimed.batchId));
  assert.equal(await readDueIn(pool, due.batchId), 0);
  assert.ok((await readDueIn(pool, later.batchId))! > 50_000);
  assert.equal(await readDueIn(pool, claimed.batchId), undefined);
  await pool.query(`UPDATE batches SET eligible_at = 'infinity' WHERE batch_id = $1`, [later.batchId]);
  assert.equal(await readDueIn(pool, later.batchId), undefined);
});

test('whatever a provider says can be recorded', async () => {
  const { batchId, call, campaign } = await acceptOne(2);
  const batch = (await claim(batchId))!;
  const [first, second] = items(batch, {
    state: 'failed',
    code: 'permanent.content',
    detail: `\u0000\ud800${'\ud83d\ude00'.repeat(400)}`,
  });
  const sent: Outcome = { state: 'sent', providerMessageId: 'id\u0000\udfff' };
  await recordOutcomes(pool, [first!, { ...second!, outcome: sent }]);
  assert.deepEqual((await statesOf(campaign.tenantId, call.executionId)).toSorted(), ['failed', 'sent']);
});

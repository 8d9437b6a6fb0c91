import { EVIDENCE_GRACE_MS, type Lane } from '@outrigger/core';
import type { NewBatch } from './accept.ts';
import { freeReleased } from './brakes.ts';
import { feedQueue } from './feed.ts';
import { settleEvidenced } from './feedback.ts';
import type { Pool } from './pool.ts';

/** A batch that a worker holds, with the messages that have no outcome yet. */
export type HeldBatch = {
  batchId: string;
  lane: Lane;
  tenantId: number;
  token: string;
  attempt: number;
  pass: number;
  claims: number;
  claimedBy: string;
  expired: boolean;
  messages: { messageId: string; tenantId: number; policy: 'resend' | 'hold' }[];
};

type HeldRow = {
  batch_id: string;
  lane: Lane;
  batch_tenant_id: number;
  token: string;
  attempt: number;
  pass: number;
  claims: number;
  claimed_by: string;
  expired: boolean;
  message_id: string;
  tenant_id: number;
  policy: 'resend' | 'hold';
};

const HELD = `
SELECT b.batch_id, b.lane, b.tenant_id AS batch_tenant_id, b.token, b.attempt, b.pass, b.claims, b.claimed_by, b.claimed_until < now() AS expired,
       m.message_id, m.tenant_id, v.definition->>'on_unknown' AS policy
FROM batches b CROSS JOIN LATERAL messages_of(b.message_ids) m
JOIN campaign_versions v ON v.version_id = m.version_id
WHERE b.token IS NOT NULL`;

/** The batches that a worker (by its id) still holds, for settling them from its journal. */
export async function heldByWorker(pool: Pool, workerId: string): Promise<HeldBatch[]> {
  const { rows } = await pool.query<HeldRow>(`${HELD} AND b.claimed_by = $1`, [workerId]);
  return groupHeld(rows);
}

/** Batches whose claim ran out more than `graceMs` ago: their worker did not come back to settle them itself. */
export async function heldTooLong(pool: Pool, graceMs: number, limit = 100): Promise<HeldBatch[]> {
  const { rows } = await pool.query<HeldRow>(
    `${HELD} AND b.batch_id IN (SELECT batch_id FROM batches WHERE token IS NOT NULL
       AND claimed_until < now() - $1 * interval '1 millisecond' ORDER BY claimed_until LIMIT $2)`,
    [graceMs, limit],
  );
  return groupHeld(rows);
}

function groupHeld(rows: HeldRow[]): HeldBatch[] {
  const batches = new Map<string, HeldBatch>();
  for (const row of rows) {
    const batch = batches.get(row.batch_id) ?? {
      batchId: row.batch_id,
      lane: row.lane,
      tenantId: row.batch_tenant_id,
      token: row.token,
      attempt: row.attempt,
      pass: row.pass,
      claims: row.claims,
      claimedBy: row.claimed_by,
      expired: row.expired,
      messages: [],
    };
    batch.messages.push({ messageId: row.message_id, tenantId: row.tenant_id, policy: row.policy });
    batches.set(row.batch_id, batch);
  }
  return [...batches.values()];
}

type WaitingRow = { batch_id: string; lane: Lane; tenant_id: number; claims: number };

function waitingBatch(row: WaitingRow): NewBatch {
  return { batchId: row.batch_id, lane: row.lane, tenantId: row.tenant_id, claims: row.claims };
}

type SweptRow = WaitingRow & { delay_ms: number };
const SWEPT = `batch_id, lane, tenant_id, claims,
  greatest(0, ceil(extract(epoch FROM eligible_at - now()) * 1000))::float8 AS delay_ms`;

function sweptBatch(row: SweptRow): NewBatch & { delayMs?: number } {
  return { ...waitingBatch(row), ...(row.delay_ms > 0 && { delayMs: row.delay_ms }) };
}

/**
 * Gives claimed batches back: what has no outcome waits again. Only a caller who holds the token may do it, and only when
 * it is certain that no provider call for the remaining messages was begun. A batch gets a `strike` when its
 * messages themselves may be why it comes back (pipeline's poison.ts). Returns what to enqueue.
 */
export async function releaseBatches(
  pool: Pool,
  held: { batchId: string; token: string; strike?: boolean }[],
): Promise<NewBatch[]> {
  const { rows } = await pool.query<WaitingRow>(
    `UPDATE batches b SET token = NULL, claimed_by = NULL, claimed_until = NULL, enqueued_at = now(),
       strikes = b.strikes + h.strike::int
     FROM unnest($1::bigint[], $2::uuid[], $3::boolean[]) AS h(batch_id, token, strike)
     WHERE b.batch_id = h.batch_id AND b.token = h.token RETURNING b.batch_id, b.lane, b.tenant_id, b.claims`,
    [held.map((batch) => batch.batchId), held.map((batch) => batch.token), held.map(({ strike = false }) => strike)],
  );
  return rows.map(waitingBatch);
}

/**
 * Waiting batches that are due and were last put into the queue more than `afterMs` ago: the queue store may have lost
 * them. Marks them as enqueued now, so that several janitors share the work and a long backlog is not swept again at once. With
 * them come those that the queue was never given (feed.ts), a little before they are due, with their delay.
 */
export async function sweepWaiting(
  pool: Pool,
  afterMs: number,
  limit = 1_000,
): Promise<(NewBatch & { delayMs?: number })[]> {
  await freeReleased(pool);
  const { rows } = await pool.query<SweptRow>(
    `UPDATE batches SET enqueued_at = now() WHERE batch_id IN (
       SELECT batch_id FROM batches WHERE token IS NULL AND enqueued_at > '-infinity'
         AND eligible_at <= now() AND greatest(enqueued_at, eligible_at) < now() - $1 * interval '1 millisecond'
       ORDER BY enqueued_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING ${SWEPT}`,
    [afterMs, limit],
  );
  return [...rows.map(sweptBatch), ...(await feedQueue(pool))];
}

/** Where a look over the waiting batches has got to: an instant of the ledger's clock, in its own words. */
export type WaitingCursor = string;

/**
 * Waiting batches that the queue was given between the cursor (or `sweepAfterMs` ago, when that is later: the sweep has the rest)
 * and `afterMs` ago, oldest first. Each is seen once by whoever hands the cursor on; nothing is written.
 */
export async function readStillWaiting(
  pool: Pool,
  options: { cursor: WaitingCursor; afterMs: number; sweepAfterMs: number; limit?: number },
): Promise<{ batches: (NewBatch & { delayMs?: number })[]; cursor: WaitingCursor }> {
  const { cursor, afterMs, sweepAfterMs, limit = 1_000 } = options;
  const { rows } = await pool.query<SweptRow & { given_at: WaitingCursor }>({
    name: 'read-waiting',
    text: `SELECT ${SWEPT}, enqueued_at::text AS given_at FROM batches
           WHERE token IS NULL AND eligible_at < 'infinity' AND enqueued_at <= now() - $2 * interval '1 millisecond'
             AND enqueued_at > greatest($1::timestamptz, now() - $3 * interval '1 millisecond')
           ORDER BY enqueued_at FETCH FIRST $4 ROWS WITH TIES`,
    values: [cursor, afterMs, sweepAfterMs, limit],
  });
  return { batches: rows.map(sweptBatch), cursor: rows.at(-1)?.given_at ?? cursor };
}

/**
 * Waiting batches that were last put into the queue more than `lostMsAgo` ago, when it lost what it had: all that it was given,
 * due or not. Those that the queue has after all keep their place in it: a job id is there once.
 */
export async function sweepLost(
  pool: Pool,
  lostMsAgo: number,
  limit = 1_000,
): Promise<(NewBatch & { delayMs?: number })[]> {
  const { rows } = await pool.query<SweptRow>(
    `UPDATE batches SET enqueued_at = now() WHERE batch_id IN (
       SELECT batch_id FROM batches WHERE token IS NULL AND eligible_at < 'infinity' AND enqueued_at > '-infinity'
         AND enqueued_at < now() - $1 * interval '1 millisecond'
       ORDER BY enqueued_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING ${SWEPT}`,
    [lostMsAgo, limit],
  );
  return rows.map(sweptBatch);
}

/* Callbacks of the time before `decide_at` that nobody has read yet, here or where the provider sends them. */
const EVIDENCE_MAY_COME = `
  EXISTS (SELECT FROM callbacks c WHERE c.due_at <= now() AND c.tries = 0 AND c.received_at <= u.decide_at)
  OR EXISTS (SELECT FROM callback_sources s
    WHERE s.caught_up_at < u.decide_at AND split_part(u.lane, '-', 1) = ANY (s.channels))`;

const DECIDE = `
WITH due AS MATERIALIZED (
  DELETE FROM unsettled_messages WHERE message_id IN (
    SELECT message_id FROM unsettled_messages u WHERE decide_at <= now()
      AND NOT EXISTS (SELECT FROM message_feedback f WHERE f.message_id = u.message_id)
      AND (decide_at < now() - $2 * interval '1 millisecond' OR NOT (${EVIDENCE_MAY_COME}))
    ORDER BY decide_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING *, policy = 'resend' AND NOT possible_duplicate AS resend
), event AS (
  INSERT INTO message_events (message_id, sequence, tenant_id, state, code, attempt, possible_duplicate, detail)
  SELECT message_id, sequence + 1, tenant_id, CASE WHEN resend THEN 'queued' ELSE 'unknown' END,
         CASE WHEN resend THEN NULL ELSE code END, attempt, possible_duplicate OR resend,
         CASE WHEN resend THEN 'no evidence came: policy resend, marked as a possible duplicate'
              ELSE 'no evidence came: held for a person to decide' END
  FROM due
), again AS (
  INSERT INTO batches (tenant_id, lane, message_ids, attempt, pass, possible_duplicate)
  SELECT tenant_id, lane, array_agg(message_id), attempt + 1, pass + 1, true
  FROM (SELECT *, row_number() OVER (PARTITION BY tenant_id, lane, attempt, pass ORDER BY message_id) AS place FROM due WHERE resend) d
  GROUP BY tenant_id, lane, attempt, pass, (place - 1) / 100 RETURNING batch_id, lane, tenant_id
), dead AS (
  INSERT INTO dead_letters (message_id, tenant_id, campaign_id, lane, state, code, detail, sequence, attempt, pass, possible_duplicate)
  SELECT d.message_id, d.tenant_id, e.campaign_id, d.lane, 'unknown', d.code, 'held for a person to decide',
         d.sequence + 1, d.attempt, d.pass, d.possible_duplicate
  FROM due d CROSS JOIN LATERAL messages_of(ARRAY[d.message_id]) e WHERE NOT d.resend
)
SELECT (SELECT count(*) FROM due WHERE resend)::int AS resent, (SELECT count(*) FROM due WHERE NOT resend)::int AS held,
       (SELECT coalesce(json_agg(json_build_object('batch_id', batch_id::text, 'lane', lane, 'tenant_id', tenant_id)), '[]') FROM again) AS batches`;

/**
 * Applies the policy to unknown messages whose time for evidence is over: `resend` once, marked, or left as unknown for a
 * person. A message that was already sent again is never sent a third time. One of which the provider has said something is
 * sent; and while a source of callbacks lags behind, nobody can say that none came, so it waits up to `EVIDENCE_GRACE_MS` more.
 */
export async function decideUnsettled(
  pool: Pool,
  limit = 1_000,
): Promise<{ resent: number; held: number; evidenced: number; batches: NewBatch[] }> {
  const evidenced = await settleDue(pool, limit);
  const { rows } = await pool.query<{ resent: number; held: number; batches: Omit<WaitingRow, 'claims'>[] }>(DECIDE, [
    limit,
    EVIDENCE_GRACE_MS,
  ]);
  const { resent, held, batches } = rows[0]!;
  return { resent, held, evidenced, batches: batches.map((batch) => waitingBatch({ ...batch, claims: 0 })) };
}

/** Settles due messages whose evidence came while they were becoming unknown, so that neither side saw the other. */
async function settleDue(pool: Pool, limit: number): Promise<number> {
  const { rows } = await pool.query<{ message_id: string }>(
    `SELECT message_id FROM unsettled_messages u WHERE decide_at <= now()
       AND EXISTS (SELECT FROM message_feedback f WHERE f.message_id = u.message_id) ORDER BY decide_at LIMIT $1`,
    [limit],
  );
  return settleEvidenced(
    pool,
    rows.map((row) => row.message_id),
  );
}

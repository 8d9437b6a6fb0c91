import type { Lane } from '@outrigger/core';
import type { NewBatch } from './accept.ts';
import type { Pool } from './pool.ts';

/**
 * So many messages of a tenant and lane are in the queue store at most, whether or not they came in one by one; the rest waits in
 * the ledger and is fed in as the queue drains. It is a few seconds' work of a busy lane, and some 20 MB of Redis at worst.
 */
export const MAX_QUEUED_MESSAGES = 20_000;

/** Longer than a janitor's round, so that the queue has a batch when it becomes due. */
export const ENQUEUE_EARLY_MS = 10_000;

/** Batches with fewer messages than this are put together: a job costs the same whatever it carries. */
const SMALL_BATCH_MESSAGES = 50;
const LIMIT = 2_000;

/*
 * What the queue was never given says so with enqueued_at = '-infinity': held back at accept, redriven, freed by a brake. Small
 * batches to which nothing has happened yet become one; every message stays in exactly one batch.
 */
const FEED = `
WITH held AS MATERIALIZED (
  SELECT * FROM batches WHERE token IS NULL AND tenant_id = $1 AND lane = $2 AND enqueued_at = '-infinity'
    AND eligible_at <= now() + $4 * interval '1 millisecond'
  ORDER BY batch_id LIMIT ${LIMIT} FOR UPDATE SKIP LOCKED
), picked AS MATERIALIZED (
  SELECT * FROM (SELECT h.*, sum(cardinality(message_ids)) OVER (ORDER BY batch_id) - cardinality(message_ids) AS before FROM held h) r
  WHERE before < $3
), small AS MATERIALIZED (
  SELECT batch_id, eligible_at, message_ids, bundle_id, created_at,
         (sum(cardinality(message_ids)) OVER (ORDER BY batch_id) - cardinality(message_ids)) / ${SMALL_BATCH_MESSAGES} AS place
  FROM picked WHERE pass = 1 AND attempt = 1 AND claims = 0 AND NOT possible_duplicate AND brake_id IS NULL
    AND eligible_at <= now() AND cardinality(message_ids) < ${SMALL_BATCH_MESSAGES}
), joined AS MATERIALIZED (
  SELECT batch_id FROM (SELECT batch_id, count(*) OVER (PARTITION BY place) AS batches FROM small) s WHERE batches > 1
), emptied AS (
  DELETE FROM batches WHERE batch_id IN (SELECT batch_id FROM joined)
), made AS (
  INSERT INTO batches (tenant_id, lane, bundle_id, message_ids, eligible_at, created_at)
  SELECT $1, $2, CASE WHEN count(DISTINCT bundle_id) = 1 AND count(*) = count(bundle_id) THEN min(bundle_id::text)::uuid END,
         (SELECT array_agg(i ORDER BY i) FROM unnest(string_to_array(string_agg(array_to_string(message_ids, ','), ','), ',')::uuid[]) i),
         min(eligible_at), min(created_at)
  FROM small WHERE batch_id IN (SELECT batch_id FROM joined) GROUP BY place
  RETURNING batch_id, claims, eligible_at
), marked AS (
  UPDATE batches b SET enqueued_at = now() FROM picked p
  WHERE b.batch_id = p.batch_id AND p.batch_id NOT IN (SELECT batch_id FROM joined)
  RETURNING b.batch_id, b.claims, b.eligible_at
)
SELECT batch_id::text, claims, greatest(0, ceil(extract(epoch FROM eligible_at - now()) * 1000))::float8 AS delay_ms
FROM (SELECT * FROM made UNION ALL SELECT * FROM marked) f ORDER BY batch_id`;

/** Tenants and lanes with something that the queue was never given, and for how many messages of theirs it has room. */
const ROOM = `
SELECT tenant_id, lane, greatest(0, $2 - coalesce((
  SELECT sum(cardinality(q.message_ids)) FROM batches q WHERE q.tenant_id = h.tenant_id AND q.lane = h.lane AND q.token IS NULL
    AND q.enqueued_at > '-infinity' AND q.eligible_at <= now()), 0))::int AS room
FROM (SELECT DISTINCT tenant_id, lane FROM batches WHERE token IS NULL AND enqueued_at = '-infinity'
      AND eligible_at <= now() + $1 * interval '1 millisecond') h`;

/**
 * Takes what the queue was never given, as far as it has room for it, and says what to enqueue. Tenants and lanes are served apart,
 * so a long backlog of one does not keep the others out. Several may feed at once.
 */
export async function feedQueue(
  pool: Pool,
  maxQueued = MAX_QUEUED_MESSAGES,
): Promise<(NewBatch & { delayMs?: number })[]> {
  const fed: (NewBatch & { delayMs?: number })[] = [];
  const { rows: places } = await pool.query<{ tenant_id: number; lane: Lane; room: number }>(ROOM, [
    ENQUEUE_EARLY_MS,
    maxQueued,
  ]);
  for (const { tenant_id: tenantId, lane, room } of places) {
    if (room === 0) continue;
    const { rows } = await pool.query<{ batch_id: string; claims: number; delay_ms: number }>(FEED, [
      tenantId,
      lane,
      room,
      ENQUEUE_EARLY_MS,
    ]);
    for (const { batch_id: batchId, claims, delay_ms: delayMs } of rows) {
      fed.push({ batchId, tenantId, lane, claims, ...(delayMs > 0 && { delayMs }) });
    }
  }
  return fed;
}

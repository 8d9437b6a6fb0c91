import { type Lane, uuidv7Floor } from '@outrigger/core';
import type { Pool } from './pool.ts';

/** What waits in a lane for one tenant and is due: how many messages, and since when the oldest batch is due. */
export type Backlog = { tenantId: number; lane: Lane; messages: number; oldestAgeMs: number };

/** Reads the due backlog of every tenant and lane from the batches, whose number is the backlog's and not history's. */
export async function readBacklog(pool: Pool): Promise<Backlog[]> {
  const { rows } = await pool.query<{ tenant_id: number; lane: Lane; messages: number; age_ms: number }>({
    name: 'backlog',
    text: `SELECT tenant_id, lane, sum(cardinality(message_ids))::int AS messages,
             (extract(epoch FROM now() - min(eligible_at)) * 1000)::float8 AS age_ms
           FROM batches WHERE token IS NULL AND eligible_at <= now() GROUP BY tenant_id, lane`,
  });
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    lane: row.lane,
    messages: row.messages,
    oldestAgeMs: row.age_ms,
  }));
}

/** Far more than the instant inside an id can differ from the row's accepted_at. */
const ID_SLACK_MS = 3_600_000;

/** One tenant's account: everything that was accepted has ended or waits; what is left over is lost (and must be zero). */
export type TenantAccount = { tenantId: number; accepted: number; ended: number; waiting: number; lost: number };

/*
 * A bundle is proved by counting: what was accepted, less what is sent and what waits in batches of its own, is nothing. Only the
 * bundles in which something else happened (a retry, an exclusion, doubt) are looked at message by message.
 */
const OPEN = `
WITH asked AS MATERIALIZED (
  SELECT bundle_id, min(tenant_id) AS tenant_id, sum(message_count)::int AS accepted FROM bundles
  WHERE bundle_id >= $1 AND bundle_id < $2 AND accepted_at >= $3 AND accepted_at < $4 AND ($5::int IS NULL OR tenant_id = $5)
  GROUP BY bundle_id
), sent AS MATERIALIZED (
  SELECT bundle_id, sum(cardinality(places))::int AS messages FROM sent_events
  WHERE bundle_id >= $1 AND bundle_id < $2 GROUP BY bundle_id
), batched AS MATERIALIZED (
  SELECT bundle_id, sum(cardinality(message_ids))::int AS messages FROM batches
  WHERE bundle_id >= $1 AND bundle_id < $2 GROUP BY bundle_id
), counted AS MATERIALIZED (
  SELECT a.*, coalesce(s.messages, 0) AS sent, coalesce(b.messages, 0) AS batched
  FROM asked a LEFT JOIN sent s USING (bundle_id) LEFT JOIN batched b USING (bundle_id)
), open AS MATERIALIZED (
  SELECT m.message_id, m.tenant_id, m.lane, m.bundle_id FROM counted c
  CROSS JOIN LATERAL (SELECT * FROM messages v WHERE v.bundle_id = c.bundle_id OFFSET 0) m
  WHERE c.accepted <> c.sent + c.batched
), waiting AS MATERIALIZED (
  SELECT unnest(message_ids) AS message_id FROM batches WHERE $5::int IS NULL OR tenant_id = $5
  UNION ALL SELECT message_id FROM unsettled_messages WHERE $5::int IS NULL OR tenant_id = $5
), latest AS MATERIALIZED (
  SELECT o.*, o.message_id IN (SELECT message_id FROM waiting) AS waits, l.sequence, l.attempt, l.possible_duplicate,
         CASE WHEN o.message_id IN (SELECT id_in_bundle(s.bundle_id, unnest(s.places)) FROM sent_events s
                                    WHERE s.bundle_id IN (SELECT bundle_id FROM open)) THEN 'sent' ELSE l.state END AS state
  FROM open o LEFT JOIN LATERAL (
    SELECT e.* FROM message_events e WHERE e.message_id = o.message_id ORDER BY e.sequence DESC LIMIT 1) l ON true
)`;

/** An id carries the instant of its accept: with its bounds the days that are not asked for are not read. */
function spanValues(from: Date, to: Date, tenantId?: number): unknown[] {
  const [first, end] = [uuidv7Floor(from.getTime() - ID_SLACK_MS), uuidv7Floor(to.getTime() + ID_SLACK_MS)];
  return [first, end, from, to, tenantId ?? null];
}

/**
 * Counts, in one snapshot, the messages accepted in a span, those whose latest event ended them, and those in a batch or
 * unsettled. Costs by the bundle, not by the message, where nothing out of the ordinary happened. All tenants, or one.
 */
export async function readAccount(pool: Pool, from: Date, to: Date, tenantId?: number): Promise<TenantAccount[]> {
  const { rows } = await pool.query<{ tenant_id: number; accepted: number; ended: number; waiting: number }>(
    `${OPEN}
     SELECT tenant_id, sum(accepted)::int AS accepted, sum(ended)::int AS ended, sum(waiting)::int AS waiting FROM (
       SELECT tenant_id, accepted, sent AS ended, batched AS waiting FROM counted WHERE accepted = sent + batched
       UNION ALL
       SELECT tenant_id, 1, (NOT waits AND state IN ('sent','excluded','failed','expired','canceled','unknown'))::int, waits::int
       FROM latest) t
     GROUP BY tenant_id`,
    spanValues(from, to, tenantId),
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    accepted: row.accepted,
    ended: row.ended ?? 0,
    waiting: row.waiting,
    lost: row.accepted - (row.ended ?? 0) - row.waiting,
  }));
}

/** Messages accepted in a span that neither ended nor wait anywhere: what the janitor repairs by putting them into a batch. */
export async function repairLost(pool: Pool, from: Date, to: Date): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `${OPEN}, lost AS (
       SELECT message_id, tenant_id, lane, 1 + coalesce(sequence, 0) AS pass, 1 + coalesce(attempt, 0) AS attempt,
              coalesce(possible_duplicate, false) AS possible_duplicate
       FROM latest WHERE NOT waits AND coalesce(state, 'queued') IN ('queued', 'deferred')
     ), again AS (
       INSERT INTO batches (tenant_id, lane, message_ids, pass, attempt, possible_duplicate, enqueued_at)
       SELECT tenant_id, lane, array_agg(message_id), pass, attempt, possible_duplicate, now() - interval '1 hour'
       FROM (SELECT *, row_number() OVER (PARTITION BY tenant_id, lane, pass, attempt, possible_duplicate ORDER BY message_id) AS place
             FROM lost) p
       GROUP BY tenant_id, lane, pass, attempt, possible_duplicate, (place - 1) / 100
     )
     SELECT count(*)::int AS n FROM lost`,
    spanValues(from, to),
  );
  return rows[0]!.n;
}

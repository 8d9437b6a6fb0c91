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

/**
 * Counts, in one snapshot, the messages accepted in a span, those whose latest event ended them, and those in a batch or
 * unsettled. Reads every message of the span: meant for minutes and hours, not for all of history. All tenants, or one.
 */
export async function readAccount(pool: Pool, from: Date, to: Date, tenantId?: number): Promise<TenantAccount[]> {
  const { rows } = await pool.query<{ tenant_id: number; accepted: number; ended: number; waiting: number }>(
    `WITH waiting AS (
       SELECT unnest(message_ids) AS message_id FROM batches WHERE $3::int IS NULL OR tenant_id = $3
       UNION ALL SELECT message_id FROM unsettled_messages WHERE $3::int IS NULL OR tenant_id = $3
     )
     SELECT m.tenant_id, count(*)::int AS accepted,
       count(*) FILTER (WHERE w.message_id IS NULL AND l.state IN ('sent','excluded','failed','expired','canceled','unknown'))::int AS ended,
       count(*) FILTER (WHERE w.message_id IS NOT NULL)::int AS waiting
     FROM executions x CROSS JOIN LATERAL unnest(x.message_ids) AS i(message_id)
     JOIN messages m ON m.message_id = i.message_id
     LEFT JOIN waiting w ON w.message_id = m.message_id
     LEFT JOIN LATERAL (SELECT e.state FROM message_events e WHERE e.message_id = m.message_id ORDER BY e.sequence DESC LIMIT 1) l ON true
     WHERE x.accepted_at >= $1 AND x.accepted_at < $2 AND ($3::int IS NULL OR x.tenant_id = $3)
       AND x.execution_id >= $4 AND x.execution_id < $5
     GROUP BY m.tenant_id`,
    // An id carries the instant of its accept: with its bounds the days that are not asked for are not read.
    [from, to, tenantId ?? null, uuidv7Floor(from.getTime() - ID_SLACK_MS), uuidv7Floor(to.getTime() + ID_SLACK_MS)],
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    accepted: row.accepted,
    ended: row.ended,
    waiting: row.waiting,
    lost: row.accepted - row.ended - row.waiting,
  }));
}

/** Messages accepted in a span that neither ended nor wait anywhere: what the janitor repairs by putting them into a batch. */
export async function repairLost(pool: Pool, from: Date, to: Date): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `WITH lost AS (
       SELECT m.message_id, m.tenant_id, m.lane, 1 + coalesce(l.sequence, 0) AS pass, 1 + coalesce(l.attempt, 0) AS attempt,
              coalesce(l.possible_duplicate, false) AS possible_duplicate
       FROM executions x CROSS JOIN LATERAL unnest(x.message_ids) AS i(message_id)
       JOIN messages m ON m.message_id = i.message_id
       LEFT JOIN LATERAL (SELECT * FROM message_events e WHERE e.message_id = m.message_id ORDER BY e.sequence DESC LIMIT 1) l ON true
       WHERE x.accepted_at >= $1 AND x.accepted_at < $2 AND coalesce(l.state, 'queued') IN ('queued', 'deferred')
         AND NOT EXISTS (SELECT 1 FROM batches b WHERE m.message_id = ANY (b.message_ids))
     ), again AS (
       INSERT INTO batches (tenant_id, lane, message_ids, pass, attempt, possible_duplicate, enqueued_at)
       SELECT tenant_id, lane, array_agg(message_id), pass, attempt, possible_duplicate, now() - interval '1 hour'
       FROM (SELECT *, row_number() OVER (PARTITION BY tenant_id, lane, pass, attempt, possible_duplicate ORDER BY message_id) AS place
             FROM lost) p
       GROUP BY tenant_id, lane, pass, attempt, possible_duplicate, (place - 1) / 100
     )
     SELECT count(*)::int AS n FROM lost`,
    [from, to],
  );
  return rows[0]!.n;
}

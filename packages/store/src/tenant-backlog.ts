import type { Lane } from '@outrigger/core';
import type { Pool } from './pool.ts';

/** What has not gone out of one tenant in one lane, by what it waits for. Counts are messages. */
export type LaneBacklog = {
  lane: Lane;
  /** Wait for a worker. */
  due: number;
  /** How long the oldest of them has been due; null when there is none. */
  oldestAgeMs: number | null;
  /** A worker has them. */
  sending: number;
  /** Put off until a moment: refused for now, or redriven at a rate. */
  later: number;
  nextDueAt: Date | null;
  /** Held by a brake. */
  paused: number;
  /** The outcome is unknown and evidence is waited for. */
  unknown: number;
  /** Ended badly; a person decides. */
  deadLetters: number;
};

/** A tenant's backlog by lane; lanes in which nothing waits are left out. Reads what waits, not history. */
export async function readTenantBacklog(pool: Pool, tenantId: number): Promise<LaneBacklog[]> {
  const { rows } = await pool.query<LaneBacklog>(
    `WITH held AS (
       SELECT lane, cardinality(message_ids) AS messages, eligible_at,
              CASE WHEN token IS NOT NULL THEN 'sending' WHEN brake_id IS NOT NULL THEN 'paused'
                   WHEN eligible_at <= now() THEN 'due' ELSE 'later' END AS waits
       FROM batches WHERE tenant_id = $1
       UNION ALL SELECT lane, count(*), NULL, 'unknown' FROM unsettled_messages WHERE tenant_id = $1 GROUP BY lane
       UNION ALL SELECT lane, count(*), NULL, 'dead' FROM dead_letters WHERE tenant_id = $1 GROUP BY lane
     )
     SELECT lane, ${['due', 'sending', 'later', 'paused', 'unknown'].map(total).join(', ')},
            coalesce(sum(messages) FILTER (WHERE waits = 'dead'), 0)::int AS "deadLetters",
            (extract(epoch FROM now() - min(eligible_at) FILTER (WHERE waits = 'due')) * 1000)::float8 AS "oldestAgeMs",
            min(eligible_at) FILTER (WHERE waits = 'later') AS "nextDueAt"
     FROM held GROUP BY lane ORDER BY lane`,
    [tenantId],
  );
  return rows;
}

function total(waits: string): string {
  return `coalesce(sum(messages) FILTER (WHERE waits = '${waits}'), 0)::int AS ${waits}`;
}

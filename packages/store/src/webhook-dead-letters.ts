import { writeAudit } from './audit.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

/** An event that a webhook was never told. */
export type DeadPost = { eventId: string; attempts: number; problem: string; firstFailedAt: Date; diedAt: Date };

/** A page of a sandbox's dead posts, newest first, after the one that `before` names, with the number of all. */
export async function listDeadPosts(
  pool: Pool,
  tenantId: number,
  page: { limit: number; before?: { diedAt: Date; eventId: string } },
): Promise<{ posts: DeadPost[]; totalCount: number }> {
  const { diedAt = null, eventId = null } = page.before ?? {};
  const [posts, total] = await Promise.all([
    pool.query<DeadPost>(
      `SELECT event_id AS "eventId", attempts, problem, first_failed_at AS "firstFailedAt", died_at AS "diedAt" FROM webhook_retries
       WHERE tenant_id = $1 AND died_at IS NOT NULL
         AND ($2::timestamptz IS NULL OR died_at < $2 OR (died_at = $2 AND event_id > $3))
       ORDER BY died_at DESC, event_id LIMIT $4`,
      [tenantId, diedAt, eventId, page.limit],
    ),
    pool.query<{ total: number }>(
      'SELECT count(*)::int AS total FROM webhook_retries WHERE tenant_id = $1 AND died_at IS NOT NULL',
      [tenantId],
    ),
  ]);
  return { posts: posts.rows, totalCount: total.rows[0]!.total };
}

/**
 * Posts dead ones again, the oldest first, as if they had never failed: those of the ids, or all. Returns how many, and how many are
 * still dead.
 */
export async function replayDeadPosts(
  pool: Pool,
  tenantId: number,
  request: { eventIds?: string[]; limit: number; by: string },
): Promise<{ replayed: number; remaining: number }> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE webhook_retries SET died_at = NULL, attempts = 0, first_failed_at = now(), due_at = now()
       WHERE tenant_id = $1 AND event_id IN (
         SELECT event_id FROM webhook_retries WHERE tenant_id = $1 AND died_at IS NOT NULL
           AND ($2::text[] IS NULL OR event_id = ANY ($2)) ORDER BY died_at, event_id LIMIT $3 FOR UPDATE)`,
      [tenantId, request.eventIds ?? null, request.limit],
    );
    const replayed = rowCount ?? 0;
    const { rows } = await client.query<{ remaining: number }>(
      'SELECT count(*)::int AS remaining FROM webhook_retries WHERE tenant_id = $1 AND died_at IS NOT NULL',
      [tenantId],
    );
    const detail = { events: replayed };
    await writeAudit(client, { tenantId, actor: request.by, action: 'webhook.replay', target: 'webhook', detail });
    return { replayed, remaining: rows[0]!.remaining };
  });
}

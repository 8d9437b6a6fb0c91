import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';
import type { EventCursor } from './webhook-events.ts';
import { WEBHOOK_COLUMNS, type Webhook } from './webhooks.ts';

/** A webhook that this process tells, for as long as it holds the lease. */
export type WebhookLease = { tenantId: number; lease: string };
/** A webhook with everything that telling it takes. */
export type LeasedWebhook = Webhook & { orgId: string; sandboxName: string; cursor: EventCursor };

/**
 * Renews the leases that are held, and takes over webhooks that nobody tells, up to `capacity` in all. Returns the leases
 * that hold now: one that is missing was lost.
 */
export async function leaseWebhooks(
  pool: Pool,
  held: WebhookLease[],
  leaseMs: number,
  capacity: number,
): Promise<WebhookLease[]> {
  const renewed =
    held.length === 0
      ? []
      : (
          await pool.query<WebhookLease>(
            `UPDATE webhooks w SET leased_until = now() + $3 * interval '1 millisecond'
             FROM unnest($1::int[], $2::uuid[]) AS h(tenant_id, lease) WHERE w.tenant_id = h.tenant_id AND w.lease = h.lease
             RETURNING w.tenant_id AS "tenantId", w.lease`,
            [held.map((one) => one.tenantId), held.map((one) => one.lease), leaseMs],
          )
        ).rows;
  const room = capacity - renewed.length;
  if (room <= 0) return renewed;
  // Asked first, so that nothing is written while there is nothing to take over.
  const free = await pool.query<{ tenant_id: number }>(
    'SELECT tenant_id FROM webhooks WHERE leased_until IS NULL OR leased_until < now() ORDER BY leased_until NULLS FIRST LIMIT $1',
    [room],
  );
  if (free.rows.length === 0) return renewed;
  const taken = await pool.query<WebhookLease>(
    `UPDATE webhooks SET lease = gen_random_uuid(), leased_until = now() + $2 * interval '1 millisecond' WHERE tenant_id IN (
       SELECT tenant_id FROM webhooks WHERE tenant_id = ANY ($1::int[]) AND (leased_until IS NULL OR leased_until < now())
       FOR UPDATE SKIP LOCKED)
     RETURNING tenant_id AS "tenantId", lease`,
    [free.rows.map((row) => row.tenant_id), leaseMs],
  );
  return [...renewed, ...taken.rows];
}

/** Gives leases back, so that another process need not wait until they run out. */
export async function releaseWebhooks(pool: Pool, held: WebhookLease[]): Promise<void> {
  await pool.query(
    `UPDATE webhooks w SET lease = NULL, leased_until = NULL
     FROM unnest($1::int[], $2::uuid[]) AS h(tenant_id, lease) WHERE w.tenant_id = h.tenant_id AND w.lease = h.lease`,
    [held.map((one) => one.tenantId), held.map((one) => one.lease)],
  );
}

/** The webhook as it stands now; undefined when the lease is over. */
export async function readLeased(pool: Pool, { tenantId, lease }: WebhookLease): Promise<LeasedWebhook | undefined> {
  const { rows } = await pool.query<
    Webhook & { orgId: string; sandboxName: string; recordedIn: string; eventId: string }
  >({
    name: 'webhook-leased',
    text: `SELECT w.*, t.org_id AS "orgId", t.sandbox_name AS "sandboxName" FROM (
             SELECT ${WEBHOOK_COLUMNS}, cursor_in::text AS "recordedIn", cursor_event AS "eventId" FROM webhooks
             WHERE tenant_id = $1 AND lease = $2 AND leased_until > now()) w
           JOIN tenants t ON t.tenant_id = w."tenantId"`,
    values: [tenantId, lease],
  });
  if (!rows[0]) return undefined;
  const { recordedIn, eventId, ...webhook } = rows[0];
  return { ...webhook, cursor: { recordedIn, eventId } };
}

/** An event that was posted in vain and is due again. */
export type DueRetry = { eventId: string; attempts: number; firstFailedAt: Date };

/** Due retries, the oldest first, and how many wait in all, counted up to `enough`. */
export async function readDueRetries(
  pool: Pool,
  tenantId: number,
  limit: number,
  enough: number,
): Promise<{ due: DueRetry[]; waiting: number }> {
  const { rows } = await pool.query<DueRetry & { waiting: number }>({
    name: 'webhook-retries',
    text: `SELECT d.*, w.waiting FROM (SELECT count(*)::int AS waiting FROM (
             SELECT FROM webhook_retries WHERE tenant_id = $1 AND died_at IS NULL LIMIT $3) c) w
           LEFT JOIN (SELECT event_id AS "eventId", attempts, first_failed_at AS "firstFailedAt" FROM webhook_retries
             WHERE tenant_id = $1 AND died_at IS NULL AND due_at <= now() ORDER BY due_at LIMIT $2) d ON true`,
    values: [tenantId, limit, enough],
  });
  return { due: rows.filter((row) => row.eventId !== null), waiting: rows[0]!.waiting };
}

/** How posting an event ended, where it was not simply taken: when it is tried again, or that it is dead. */
export type FailedPost = { eventId: string; attempts: number; problem: string; retryInMs: number | 'dead' };

export type RoundResult = {
  /** Events that were taken, or are no business of the webhook any more: their retries are over. */
  done: string[];
  failed: FailedPost[];
  /** How far the ledger was read; undefined when only retries were posted. */
  cursor: EventCursor | undefined;
  /** Posts that failed in a row, up to the last one of this round. */
  failures: number;
  pauseMs: number | undefined;
  /** The address that answered 410 Gone. */
  gone: string | undefined;
  succeeded: boolean;
};

/**
 * Writes down a round, under the lease: the cursor moves in the transaction that keeps what was posted in vain, so a crash before
 * it posts the same events again, with the same ids, and loses none. False when the lease was lost; then nothing is written.
 */
export async function recordRound(
  pool: Pool,
  { tenantId, lease }: WebhookLease,
  result: RoundResult,
): Promise<boolean> {
  const { done, failed, cursor, failures, pauseMs } = result;
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query({
      name: 'webhook-round',
      text: `UPDATE webhooks SET cursor_in = coalesce($3::xid8, cursor_in), cursor_event = coalesce($4, cursor_event), failures = $5,
               paused_until = CASE WHEN $6::float8 IS NULL THEN NULL ELSE now() + $6::float8 * interval '1 millisecond' END,
               last_problem = coalesce($7, last_problem), last_success_at = CASE WHEN $8 THEN now() ELSE last_success_at END,
               gone_at = CASE WHEN url = $9 THEN now() ELSE gone_at END
             WHERE tenant_id = $1 AND lease = $2`,
      values: [
        tenantId,
        lease,
        cursor?.recordedIn ?? null,
        cursor?.eventId ?? null,
        failures,
        pauseMs ?? null,
        failed.at(-1)?.problem ?? null,
        result.succeeded,
        // Compared, because the webhook may have another address by now.
        result.gone ?? null,
      ],
    });
    if (rowCount === 0) return false;
    if (done.length > 0) {
      await client.query('DELETE FROM webhook_retries WHERE tenant_id = $1 AND event_id = ANY ($2::text[])', [
        tenantId,
        done,
      ]);
    }
    if (failed.length > 0) await keepFailed(client, tenantId, failed);
    return true;
  });
}

async function keepFailed(client: Pick<Pool, 'query'>, tenantId: number, failed: FailedPost[]): Promise<void> {
  await client.query(
    `INSERT INTO webhook_retries AS r (tenant_id, event_id, attempts, problem, due_at, died_at)
     SELECT $1, f.event_id, f.attempts, f.problem, now() + coalesce(f.retry_ms, 0) * interval '1 millisecond',
            CASE WHEN f.retry_ms IS NULL THEN now() END
     FROM unnest($2::text[], $3::int[], $4::text[], $5::float8[]) AS f(event_id, attempts, problem, retry_ms)
     ON CONFLICT (tenant_id, event_id) DO UPDATE SET attempts = excluded.attempts, problem = excluded.problem,
       due_at = excluded.due_at, died_at = excluded.died_at`,
    [
      tenantId,
      failed.map((one) => one.eventId),
      failed.map((one) => one.attempts),
      failed.map((one) => one.problem),
      failed.map((one) => (one.retryInMs === 'dead' ? null : one.retryInMs)),
    ],
  );
}

/**
 * Retries that have waited longer than `retryForMs` since they first failed die, also those whose turn never came while so many
 * failed. Returns them.
 */
export async function buryOldRetries(
  pool: Pool,
  tenantId: number,
  retryForMs: number,
): Promise<Omit<FailedPost, 'retryInMs'>[]> {
  const { rows } = await pool.query<Omit<FailedPost, 'retryInMs'>>(
    `UPDATE webhook_retries SET died_at = now()
     WHERE tenant_id = $1 AND died_at IS NULL AND first_failed_at < now() - $2 * interval '1 millisecond'
     RETURNING event_id AS "eventId", attempts, problem`,
    [tenantId, retryForMs],
  );
  return rows;
}

/** Forgets dead letters that nobody sent again for so long. */
export async function forgetDeadPosts(pool: Pool, keptMs: number): Promise<void> {
  await pool.query("DELETE FROM webhook_retries WHERE died_at < now() - $1 * interval '1 millisecond'", [keptMs]);
}

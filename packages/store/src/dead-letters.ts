import type { JsonObject, Lane, Recipient } from '@outrigger/core';
import { writeAudit } from './audit.ts';
import { inTransaction, type Pool } from './pool.ts';

export type DeadLetter = {
  messageId: string;
  campaignId: string;
  lane: Lane;
  state: 'failed' | 'unknown';
  code: string;
  provider: string | null;
  detail: string | null;
  attempt: number;
  possibleDuplicate: boolean;
  createdAt: Date;
};

/** What a list, a mass redrive or an expiry looks at; everything is optional and all of it must fit. */
export type DeadLetterFilter = {
  campaignId?: string;
  code?: string;
  provider?: string;
  state?: 'failed' | 'unknown';
  from?: Date;
  to?: Date;
};

const COLUMNS = `message_id AS "messageId", campaign_id AS "campaignId", lane, state, code, provider, detail, attempt,
  possible_duplicate AS "possibleDuplicate", created_at AS "createdAt"`;
const MATCHES = `tenant_id = $1 AND ($2::uuid IS NULL OR campaign_id = $2) AND ($3::text IS NULL OR code = $3)
  AND ($4::text IS NULL OR provider = $4) AND ($5::text IS NULL OR state = $5)
  AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)`;

function filterValues(tenantId: number, filter: DeadLetterFilter): unknown[] {
  const { campaignId, code, provider, state, from, to } = filter;
  return [tenantId, campaignId ?? null, code ?? null, provider ?? null, state ?? null, from ?? null, to ?? null];
}

/** A page of a tenant's dead letters, newest first; `before` is the last one of the page before. */
export async function listDeadLetters(
  pool: Pool,
  tenantId: number,
  filter: DeadLetterFilter,
  page: { limit: number; before?: { createdAt: Date; messageId: string } },
): Promise<{ letters: DeadLetter[]; totalCount: number }> {
  const values = filterValues(tenantId, filter);
  const [letters, total] = await Promise.all([
    pool.query<DeadLetter>(
      `SELECT ${COLUMNS} FROM dead_letters WHERE ${MATCHES} AND ($8::timestamptz IS NULL OR (created_at, message_id) < ($8, $9::uuid))
       ORDER BY created_at DESC, message_id DESC LIMIT $10`,
      [...values, page.before?.createdAt ?? null, page.before?.messageId ?? null, page.limit],
    ),
    pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM dead_letters WHERE ${MATCHES}`, values),
  ]);
  return { letters: letters.rows, totalCount: total.rows[0]!.n };
}

/** One dead letter with the recipient as it was last tried, for correcting it; undefined when the tenant has no such one. */
export async function readDeadLetter(
  pool: Pool,
  tenantId: number,
  messageId: string,
): Promise<{ letter: DeadLetter; executionId: string; recipient: Recipient | undefined } | undefined> {
  const { rows } = await pool.query<
    DeadLetter & { execution_id: string; recipient_index: number; content: string | null; override: string | null }
  >(
    `SELECT d.*, ${COLUMNS.replace(/(^|, )(\w+)(?= AS|,|$)/g, '$1d.$2')}, m.execution_id, m.recipient_index, t.content, o.recipient AS override
     FROM dead_letters d JOIN messages m USING (message_id)
     LEFT JOIN execution_contents t ON t.execution_id = m.execution_id
     LEFT JOIN message_overrides o ON o.message_id = d.message_id
     WHERE d.tenant_id = $1 AND d.message_id = $2`,
    [tenantId, messageId],
  );
  const row = rows[0];
  if (!row) return undefined;
  const recipient = row.override
    ? (JSON.parse(row.override) as Recipient)
    : row.content
      ? (JSON.parse(row.content) as { recipients: Recipient[] }).recipients[row.recipient_index]
      : undefined;
  return { letter: letterOf(row), executionId: row.execution_id, recipient };
}

function letterOf(row: DeadLetter): DeadLetter {
  const { messageId, campaignId, lane, state, code, provider, detail, attempt, possibleDuplicate, createdAt } = row;
  return { messageId, campaignId, lane, state, code, provider, detail, attempt, possibleDuplicate, createdAt };
}

/*
 * Leaving dead_letters is the compare-and-set: of two redrives at once one takes the row. The message gets a new deadline and
 * waits in batches that become due one after the other, so that a mass redrive keeps to its rate. What was unknown is
 * marked as a possible duplicate from now on.
 */
const REDRIVE = `
WITH taken AS MATERIALIZED (
  DELETE FROM dead_letters WHERE message_id IN (
    SELECT message_id FROM dead_letters WHERE ${MATCHES} AND ($8::uuid[] IS NULL OR message_id = ANY ($8))
      AND ($9::boolean OR state <> 'unknown')
    ORDER BY created_at, message_id LIMIT $10 FOR UPDATE SKIP LOCKED)
  RETURNING *
), event AS (
  INSERT INTO message_events (message_id, sequence, tenant_id, state, attempt, possible_duplicate, detail)
  SELECT message_id, sequence + 1, tenant_id, 'queued', attempt, possible_duplicate OR state = 'unknown', 'redriven by ' || $11
  FROM taken
), override AS (
  INSERT INTO message_overrides (message_id, recipient, expires_at)
  SELECT t.message_id, $12, now() + ((v.definition->>'deadline_ms')::bigint * interval '1 millisecond')
  FROM taken t JOIN messages m ON m.message_id = t.message_id JOIN executions e ON e.execution_id = m.execution_id
  JOIN campaign_versions v ON v.version_id = e.version_id
  ON CONFLICT (message_id) DO UPDATE SET recipient = coalesce(excluded.recipient, message_overrides.recipient),
    expires_at = excluded.expires_at
), placed AS (
  SELECT t.*, possible_duplicate OR state = 'unknown' AS doubtful,
         (row_number() OVER (PARTITION BY lane, pass, possible_duplicate OR state = 'unknown' ORDER BY created_at, message_id) - 1) / $13::int AS slot
  FROM taken t
), again AS (
  INSERT INTO batches (tenant_id, lane, message_ids, attempt, pass, possible_duplicate, eligible_at, enqueued_at)
  SELECT tenant_id, lane, array_agg(message_id), 1, pass + 1, doubtful,
         now() + slot * $14::float8 * interval '1 second', now() + slot * $14::float8 * interval '1 second' - interval '1 hour'
  FROM placed GROUP BY tenant_id, lane, pass, doubtful, slot
  RETURNING batch_id
)
SELECT (SELECT coalesce(array_agg(message_id), '{}') FROM taken) AS message_ids`;

export type RedriveRequest = {
  filter: DeadLetterFilter;
  /** Only these; all that the filter finds when absent. */
  messageIds?: string[];
  /** Unknown outcomes may have been delivered: they are left out unless a person says so. */
  includeUnknown: boolean;
  limit: number;
  ratePerSecond?: number;
  /** A corrected recipient, for a single message. */
  recipient?: Recipient;
  by: string;
};

/** Sends dead letters again, in the order of their death and at the chosen rate. Returns the messages that were taken. */
export async function redriveDeadLetters(pool: Pool, tenantId: number, request: RedriveRequest): Promise<string[]> {
  // A batch never holds more than a hundred, and never more than one second of the rate.
  const perBatch = Math.max(1, Math.min(100, Math.floor(request.ratePerSecond ?? 100)));
  const secondsApart = request.ratePerSecond === undefined ? 0 : perBatch / request.ratePerSecond;
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ message_ids: string[] }>(REDRIVE, [
      ...filterValues(tenantId, request.filter),
      request.messageIds ?? null,
      request.includeUnknown,
      request.limit,
      request.by,
      request.recipient ? JSON.stringify(request.recipient) : null,
      perBatch,
      secondsApart,
    ]);
    const { message_ids: taken } = rows[0]!;
    await writeAudit(client, {
      tenantId,
      actor: request.by,
      action: 'dead_letters.redrive',
      target: taken.length === 1 ? `message:${taken[0]}` : 'messages',
      detail: {
        messages: taken.length,
        changed: request.recipient !== undefined,
        include_unknown: request.includeUnknown,
        ...(request.ratePerSecond !== undefined && { rate_per_second: request.ratePerSecond }),
      } satisfies JsonObject,
    });
    return taken;
  });
}

/** Gives dead letters up: they end as expired and cannot be redriven any more. Returns how many. */
export async function expireDeadLetters(
  pool: Pool,
  tenantId: number,
  request: { filter: DeadLetterFilter; messageIds?: string[]; by: string },
): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `WITH taken AS (DELETE FROM dead_letters WHERE ${MATCHES} AND ($8::uuid[] IS NULL OR message_id = ANY ($8)) RETURNING *)
       INSERT INTO message_events (message_id, sequence, tenant_id, state, code, attempt, possible_duplicate, detail)
       SELECT message_id, sequence + 1, tenant_id, 'expired', 'expired.given_up', attempt, possible_duplicate, 'given up by ' || $9
       FROM taken`,
      [...filterValues(tenantId, request.filter), request.messageIds ?? null, request.by],
    );
    await writeAudit(client, {
      tenantId,
      actor: request.by,
      action: 'dead_letters.expire',
      target: 'messages',
      detail: { messages: rowCount ?? 0 },
    });
    return rowCount ?? 0;
  });
}

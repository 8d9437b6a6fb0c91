import type { JsonObject, Recipient } from '@outrigger/core';
import { writeAudit } from './audit.ts';
import { CANCELS, type DeadLetterFilter, filterValues, MATCHES } from './dead-letters.ts';
import { inTransaction, type Pool } from './pool.ts';

/*
 * Leaving dead_letters is the compare-and-set: of two redrives at once one takes the row. What a stopped campaign or a cancel
 * brake would end at once is not taken, because nobody could send it again after that. Each message waits in a batch that
 * becomes due in its turn, so that a mass redrive keeps to its rate, and its new deadline counts from then. What was
 * unknown is marked as a possible duplicate from now on. `-infinity` says that the queue was never given the batch.
 */
const REDRIVE = `
WITH taken AS MATERIALIZED (
  DELETE FROM dead_letters WHERE message_id IN (
    SELECT d.message_id FROM dead_letters d WHERE ${MATCHES} AND ($8::uuid[] IS NULL OR d.message_id = ANY ($8))
      AND ($9::boolean OR d.state <> 'unknown')
      AND EXISTS (SELECT FROM campaigns k WHERE k.campaign_id = d.campaign_id AND k.status IN ('LIVE', 'SCHEDULED', 'COMPLETED'))
      AND NOT EXISTS (SELECT FROM brakes b WHERE ${CANCELS})
    ORDER BY d.created_at, d.message_id LIMIT $10 FOR UPDATE OF d SKIP LOCKED)
  RETURNING *
), placed AS (
  SELECT t.*, possible_duplicate OR state = 'unknown' AS doubtful, (p.place - 1) / $13::int AS slot,
         now() + ((p.place - 1) / $13::int) * $14::float8 * interval '1 second' AS due_at
  FROM taken t JOIN (SELECT message_id, row_number() OVER (ORDER BY created_at, message_id) AS place FROM taken) p USING (message_id)
), event AS (
  INSERT INTO message_events (message_id, sequence, tenant_id, state, attempt, possible_duplicate, detail)
  SELECT message_id, sequence + 1, tenant_id, 'queued', attempt, doubtful, 'redriven by ' || $11 FROM placed
), override AS (
  INSERT INTO message_overrides (message_id, recipient, expires_at)
  SELECT p.message_id, $12, p.due_at + ((v.definition->>'deadline_ms')::bigint * interval '1 millisecond')
  FROM placed p CROSS JOIN LATERAL messages_of(ARRAY[p.message_id]) m JOIN campaign_versions v ON v.version_id = m.version_id
  ON CONFLICT (message_id) DO UPDATE SET recipient = coalesce(excluded.recipient, message_overrides.recipient),
    expires_at = excluded.expires_at
), again AS (
  INSERT INTO batches (tenant_id, lane, message_ids, attempt, pass, possible_duplicate, eligible_at, enqueued_at)
  SELECT tenant_id, lane, array_agg(message_id), 1, pass + 1, doubtful, due_at, '-infinity'
  FROM placed GROUP BY tenant_id, lane, pass, doubtful, slot, due_at
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

/**
 * Sends dead letters again, in the order of their death and at the chosen rate. Left out: those of a campaign that was
 * stopped, and those that a cancel brake concerns. Returns the messages that were taken.
 */
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
        ...auditedChoice(request),
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
    const { rows } = await client.query<{ message_id: string }>(
      `WITH taken AS (
         DELETE FROM dead_letters d WHERE ${MATCHES} AND ($8::uuid[] IS NULL OR d.message_id = ANY ($8)) RETURNING *)
       INSERT INTO message_events (message_id, sequence, tenant_id, state, code, attempt, possible_duplicate, detail)
       SELECT message_id, sequence + 1, tenant_id, 'expired', 'expired.given_up', attempt, possible_duplicate, 'given up by ' || $9
       FROM taken RETURNING message_id`,
      [...filterValues(tenantId, request.filter), request.messageIds ?? null, request.by],
    );
    await writeAudit(client, {
      tenantId,
      actor: request.by,
      action: 'dead_letters.expire',
      target: rows.length === 1 ? `message:${rows[0]!.message_id}` : 'messages',
      detail: { messages: rows.length, ...auditedChoice(request) },
    });
    return rows.length;
  });
}

/** How the messages were chosen; each message's own events name the person as well. */
function auditedChoice({ filter, messageIds }: { filter: DeadLetterFilter; messageIds?: string[] }): JsonObject {
  return messageIds ? { chosen: messageIds.length } : { filter: JSON.parse(JSON.stringify(filter)) as JsonObject };
}

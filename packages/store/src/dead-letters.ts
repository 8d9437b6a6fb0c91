import type { Endpoint, Lane, MessageState, Recipient } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { recipientsOf } from './recipients.ts';

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

const COLUMNS = `d.message_id AS "messageId", d.campaign_id AS "campaignId", d.lane, d.state, d.code, d.provider, d.detail,
  d.attempt, d.possible_duplicate AS "possibleDuplicate", d.created_at AS "createdAt"`;

/** The filter as SQL over `dead_letters d`; `filterValues` gives its seven parameters. */
export const MATCHES = `d.tenant_id = $1 AND ($2::uuid IS NULL OR d.campaign_id = $2) AND ($3::text IS NULL OR d.code = $3)
  AND ($4::text IS NULL OR d.provider = $4) AND ($5::text IS NULL OR d.state = $5)
  AND ($6::timestamptz IS NULL OR d.created_at >= $6) AND ($7::timestamptz IS NULL OR d.created_at < $7)`;

export function filterValues(tenantId: number, filter: DeadLetterFilter): unknown[] {
  const { campaignId, code, provider, state, from, to } = filter;
  return [tenantId, campaignId ?? null, code ?? null, provider ?? null, state ?? null, from ?? null, to ?? null];
}

/** The cancel brakes `b` that would end `dead_letters d` as canceled if it were sent again now (core's `brakeConcerns`). A provider's only close a way. */
export const CANCELS = `b.released_at IS NULL AND b.action = 'cancel' AND (
  b.scope = 'campaign' AND b.tenant_id = d.tenant_id AND b.target = d.campaign_id::text
  OR b.scope = 'tenant' AND b.tenant_id = d.tenant_id OR b.scope = 'lane' AND b.target = d.lane)`;

/** A page of a tenant's dead letters, newest first; `before` is the last one of the page before. */
export async function listDeadLetters(
  pool: Pool,
  tenantId: number,
  filter: DeadLetterFilter,
  page: { limit: number; before?: { createdAt: Date; messageId: string } },
): Promise<{ letters: DeadLetter[]; totalCount: number }> {
  const [letters, totalCount] = await Promise.all([
    pool.query<DeadLetter>(
      `SELECT ${COLUMNS} FROM dead_letters d
       WHERE ${MATCHES} AND ($8::timestamptz IS NULL OR (d.created_at, d.message_id) < ($8, $9::uuid))
       ORDER BY d.created_at DESC, d.message_id DESC LIMIT $10`,
      [...filterValues(tenantId, filter), page.before?.createdAt ?? null, page.before?.messageId ?? null, page.limit],
    ),
    countDeadLetters(pool, tenantId, filter),
  ]);
  return { letters: letters.rows, totalCount };
}

export async function countDeadLetters(pool: Pool, tenantId: number, filter: DeadLetterFilter): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM dead_letters d WHERE ${MATCHES}`,
    filterValues(tenantId, filter),
  );
  return rows[0]!.n;
}

/** A dead letter with what is needed to decide about it. */
export type DeadLetterCase = {
  letter: DeadLetter;
  executionId: string;
  endpoint: Endpoint;
  campaignStatus: string;
  /** The brake that would cancel the message if it were sent again now. */
  canceledBy: string | null;
  /** As it was last tried, for correcting it; undefined when the execution's content was erased. */
  recipient: Recipient | undefined;
};

type CaseRow = DeadLetter & {
  execution_id: string;
  endpoint: Endpoint;
  campaign_status: string;
  canceled_by: string | null;
  recipient_index: number;
  content: string | null;
  override: string | null;
};

/** One dead letter, or undefined when the tenant has no such one. */
export async function readDeadLetter(
  pool: Pool,
  tenantId: number,
  messageId: string,
): Promise<DeadLetterCase | undefined> {
  const { rows } = await pool.query<CaseRow>(
    `SELECT ${COLUMNS}, m.execution_id, m.recipient_index, m.endpoint, k.status AS campaign_status, t.content,
            o.recipient AS override, (SELECT b.brake_id FROM brakes b WHERE ${CANCELS} LIMIT 1) AS canceled_by
     FROM dead_letters d
     CROSS JOIN LATERAL messages_of(ARRAY[d.message_id]) m
     JOIN campaigns k ON k.campaign_id = d.campaign_id
     LEFT JOIN LATERAL contents_of(ARRAY[m.execution_id]) t ON true
     LEFT JOIN message_overrides o ON o.message_id = d.message_id
     WHERE d.tenant_id = $1 AND d.message_id = $2`,
    [tenantId, messageId],
  );
  const row = rows[0];
  if (!row) return undefined;
  const { execution_id, endpoint, campaign_status, canceled_by, recipient_index, content, override, ...letter } = row;
  return {
    letter,
    executionId: execution_id,
    endpoint,
    campaignStatus: campaign_status,
    canceledBy: canceled_by,
    recipient: override ? (JSON.parse(override) as Recipient) : correctable(recipientsOf(content)[recipient_index]),
  };
}

/** As a call would name the recipient: a correction is checked like one. */
function correctable(recipient: Recipient | undefined): Recipient | undefined {
  if (!recipient) return undefined;
  const { audienceExecutionId: _shared, ...named } = recipient;
  return named;
}

/** Where a tenant's message stands, dead letter or not; undefined when the tenant has no such message. */
export async function readStanding(
  pool: Pool,
  tenantId: number,
  messageId: string,
): Promise<{ state: MessageState; executionId: string; endpoint: Endpoint } | undefined> {
  const { rows } = await pool.query<{ state: MessageState; executionId: string; endpoint: Endpoint }>(
    `SELECT m.execution_id AS "executionId", m.endpoint, coalesce(
       (SELECT 'sending' FROM batches b WHERE b.token IS NOT NULL
          AND (b.bundle_id = m.bundle_id OR b.bundle_id IS NULL) AND m.message_id = ANY (b.message_ids) LIMIT 1),
       (SELECT v.state FROM history_of(ARRAY[m.message_id]) v ORDER BY v.sequence DESC LIMIT 1), 'queued') AS state
     FROM messages_of(ARRAY[$2::uuid]) m WHERE m.tenant_id = $1`,
    [tenantId, messageId],
  );
  return rows[0];
}

import type { Endpoint, MessageState } from '@outrigger/core';
import { type FeedbackRow, readFeedback } from './feedback.ts';
import { readMessageMetadata } from './message-metadata.ts';
import type { Pool } from './pool.ts';

/** One thing that happened to a message, oldest first. `accept` and `claim` follow from the row and its batch. */
export type MessageEvent = {
  state: MessageState;
  code: string | null;
  at: Date;
  attempt: number;
  provider: string | null;
  providerMessageId: string | null;
  possibleDuplicate: boolean;
  detail: string | null;
};

export type MessageAccount = {
  messageId: string;
  recipientIndex: number;
  lane: string;
  state: MessageState;
  code: string | null;
  acceptedAt: Date;
  expiresAt: Date;
  /** When it is next tried, for a message that waits. */
  eligibleAt: Date | null;
  events: MessageEvent[];
  /** What its provider said of it since, in the order in which it happened. */
  feedback: FeedbackRow[];
  /** What its content noted about it; null where it noted nothing, or was not handed over yet. */
  metadata: Record<string, string> | null;
};

export type ExecutionAccount = {
  executionId: string;
  endpoint: Endpoint;
  requestId: string;
  campaignId: string;
  versionId: string;
  createdBy: string;
  acceptedAt: Date;
  messages: MessageAccount[];
};

/** The full account of one execution of a tenant, or undefined when that tenant has no such execution. */
export async function readExecution(
  pool: Pool,
  tenantId: number,
  executionId: string,
): Promise<ExecutionAccount | undefined> {
  const execution = await pool.query<{
    execution_id: string;
    endpoint: Endpoint;
    request_id: string;
    campaign_id: string;
    version_id: string;
    created_by: string;
    accepted_at: Date;
    message_ids: string[];
  }>('SELECT * FROM executions_of(ARRAY[$1::uuid]) WHERE tenant_id = $2', [executionId, tenantId]);
  const row = execution.rows[0];
  if (!row) return undefined;
  const [messages, events, holders, feedback, metadata] = await Promise.all([
    pool.query<{ message_id: string; recipient_index: number; lane: string; expires_at: Date }>(
      // A redriven message has a deadline of its own.
      `SELECT m.message_id, m.recipient_index, m.lane, coalesce(o.expires_at, m.expires_at) AS expires_at
       FROM messages_of($1) m LEFT JOIN message_overrides o ON o.message_id = m.message_id
       ORDER BY m.recipient_index`,
      [row.message_ids],
    ),
    pool.query<EventRow>('SELECT * FROM history_of($1) ORDER BY message_id, sequence', [row.message_ids]),
    pool.query<{ message_id: string; sending: boolean; eligible_at: Date | null }>(
      // A brake holds a batch until infinity, which is no instant to show.
      `SELECT i.message_id, b.token IS NOT NULL AS sending, nullif(b.eligible_at, 'infinity') AS eligible_at FROM batches b
       CROSS JOIN LATERAL unnest(b.message_ids) AS i(message_id) WHERE (b.bundle_id = bundle_of($2) OR b.bundle_id IS NULL) AND b.message_ids && $1::uuid[]`,
      [row.message_ids, executionId],
    ),
    readFeedback(pool, row.message_ids),
    readMessageMetadata(pool, row.message_ids),
  ]);
  const held = new Map(holders.rows.map((holder) => [holder.message_id, holder]));
  const eventsOf = Map.groupBy(events.rows, (event) => event.message_id);
  const feedbackOf = Map.groupBy(feedback, (fact) => fact.messageId);
  return {
    executionId: row.execution_id,
    endpoint: row.endpoint,
    requestId: row.request_id,
    campaignId: row.campaign_id,
    versionId: row.version_id,
    createdBy: row.created_by,
    acceptedAt: row.accepted_at,
    messages: messages.rows.map((message) => {
      const history = (eventsOf.get(message.message_id) ?? []).map(eventOf);
      const holder = held.get(message.message_id);
      const latest = history.at(-1);
      return {
        messageId: message.message_id,
        recipientIndex: message.recipient_index,
        lane: message.lane,
        state: holder?.sending ? 'sending' : (latest?.state ?? 'queued'),
        code: latest?.code ?? null,
        acceptedAt: row.accepted_at,
        expiresAt: message.expires_at,
        eligibleAt: holder && !holder.sending ? holder.eligible_at : null,
        events: [acceptEvent(row.accepted_at), ...history],
        feedback: feedbackOf.get(message.message_id) ?? [],
        metadata: metadata.get(message.message_id) ?? null,
      };
    }),
  };
}

/** Which kind of mail a version sends: what some gates depend on. */
export async function readVersionCategory(pool: Pool, versionId: string): Promise<'marketing' | 'transactional'> {
  const { rows } = await pool.query<{ category: 'marketing' | 'transactional' }>(
    "SELECT definition->>'category' AS category FROM campaign_versions WHERE version_id = $1",
    [versionId],
  );
  return rows[0]?.category ?? 'transactional';
}

type EventRow = {
  message_id: string;
  state: MessageState;
  code: string | null;
  created_at: Date;
  attempt: number;
  provider: string | null;
  provider_message_id: string | null;
  possible_duplicate: boolean;
  detail: string | null;
};

function eventOf(row: EventRow): MessageEvent {
  return {
    state: row.state,
    code: row.code,
    at: row.created_at,
    attempt: row.attempt,
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    possibleDuplicate: row.possible_duplicate,
    detail: row.detail,
  };
}

function acceptEvent(at: Date): MessageEvent {
  return {
    state: 'queued',
    code: null,
    at,
    attempt: 0,
    provider: null,
    providerMessageId: null,
    possibleDuplicate: false,
    detail: 'accepted',
  };
}

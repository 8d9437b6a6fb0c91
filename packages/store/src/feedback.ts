import { type BounceClass, believableAt, type Feedback, type FeedbackFact } from '@outrigger/core';
import type { PoolClient } from 'pg';
import type { Pool } from './pool.ts';

/** A fact to record, with the callback that said it. */
export type FeedbackItem = {
  feedback: Feedback;
  class: BounceClass | '';
  provider: string;
  account: string;
  sourceId: string;
  receivedAt: Date;
};

/** What became of an item: `undefined` when the ledger has no such message. */
export type RecordedFeedback = { messageId: string; tenantId: number; at: Date; isNew: boolean } | undefined;

/*
 * The earliest of a kind wins, and of two at the same instant the one with the smaller id: any order gives the same facts.
 * Sorted, so that two processes cannot wait for each other.
 */
const RECORD_FACTS = `
INSERT INTO message_feedback AS f (message_id, fact, class, tenant_id, at, stated_at, received_at, code, provider, account,
  provider_message_id, source_id, detail)
SELECT DISTINCT ON (message_id, fact, class) * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[],
  $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
  AS g(message_id, fact, class, tenant_id, at, stated_at, received_at, code, provider, account, provider_message_id, source_id, detail)
ORDER BY message_id, fact, class, at, source_id
ON CONFLICT (message_id, fact, class) DO UPDATE SET at = excluded.at, stated_at = excluded.stated_at,
  received_at = excluded.received_at, code = excluded.code, provider = excluded.provider, account = excluded.account,
  provider_message_id = excluded.provider_message_id, source_id = excluded.source_id, detail = excluded.detail, replaced = f.replaced + 1
WHERE (excluded.at, excluded.source_id) < (f.at, f.source_id)
RETURNING message_id, fact, class, replaced = 0 AS is_new`;

/**
 * Records what providers said, in the caller's transaction, and settles the unknown messages among them: what a provider
 * speaks of it has taken. The message is found by our tag, or by the provider's id where there is none; whose it is, the ledger says.
 */
export async function recordFeedback(
  client: PoolClient,
  items: FeedbackItem[],
): Promise<{ recorded: RecordedFeedback[]; settled: number }> {
  const messages = await findMessages(client, items);
  const known = items.flatMap((item, place) => {
    const message = messages[place];
    if (!message) return [];
    const at = believableAt(item.feedback.statedAt, message.acceptedAt, item.receivedAt);
    return [{ ...item, ...message, at, key: `${message.messageId} ${item.feedback.fact} ${item.class}` }];
  });
  const { rows } =
    known.length === 0
      ? { rows: [] }
      : await client.query<{ message_id: string; fact: FeedbackFact; class: string; is_new: boolean }>({
          name: 'record-feedback',
          text: RECORD_FACTS,
          values: [
            known.map((one) => one.messageId),
            known.map((one) => one.feedback.fact),
            known.map((one) => one.class),
            known.map((one) => one.tenantId),
            known.map((one) => one.at),
            known.map((one) => (one.at === one.feedback.statedAt ? null : storable(one.feedback.statedAt))),
            known.map((one) => one.receivedAt),
            known.map((one) => one.feedback.code ?? null),
            known.map((one) => one.provider),
            known.map((one) => one.account),
            known.map((one) => one.feedback.providerMessageId ?? null),
            known.map((one) => one.sourceId),
            known.map((one) => one.feedback.detail ?? null),
          ],
        });
  const settled = await settleEvidenced(client, [...new Set(known.map((one) => one.messageId))]);
  const inserted = new Set(rows.filter((row) => row.is_new).map((row) => `${row.message_id} ${row.fact} ${row.class}`));
  const recorded = items.map((item, place) => {
    const message = messages[place];
    if (!message) return undefined;
    const at = believableAt(item.feedback.statedAt, message.acceptedAt, item.receivedAt);
    // Of several that say the same in one group, the first is the new one.
    const isNew = inserted.delete(`${message.messageId} ${item.feedback.fact} ${item.class}`);
    return { messageId: message.messageId, tenantId: message.tenantId, at, isNew };
  });
  return { recorded, settled };
}

/** The years that Postgres and JavaScript both know. */
function storable(at: Date | undefined): Date | null {
  return at && at.getTime() > -62_000_000_000_000 && at.getTime() < 250_000_000_000_000 ? at : null;
}

type Found = { messageId: string; tenantId: number; acceptedAt: Date };

/** The message of each item. An id of SNS is found by `message_events_by_sns_id`, whose predicate stands here too. */
async function findMessages(client: PoolClient, items: FeedbackItem[]): Promise<(Found | undefined)[]> {
  const foreign = [
    ...new Set(
      items.flatMap(({ feedback }) => ('providerMessageId' in feedback.of ? [feedback.of.providerMessageId] : [])),
    ),
  ];
  const byForeign = new Map<string, string>();
  if (foreign.length > 0) {
    const { rows } = await client.query<{ provider_message_id: string; message_id: string }>(
      `SELECT provider_message_id, message_id FROM message_events
       WHERE provider_message_id = ANY ($1) AND length(provider_message_id) = 36`,
      [foreign],
    );
    for (const row of rows) byForeign.set(row.provider_message_id, row.message_id);
  }
  const ids = items.map(({ feedback: { of } }) =>
    'messageId' in of ? of.messageId : byForeign.get(of.providerMessageId),
  );
  const { rows } = await client.query<{ message_id: string; tenant_id: number; accepted_at: Date }>(
    'SELECT message_id, tenant_id, accepted_at FROM messages_of($1::uuid[])',
    [[...new Set(ids.filter((id) => id !== undefined))]],
  );
  const found = new Map(
    rows.map((row) => [
      row.message_id,
      { messageId: row.message_id, tenantId: row.tenant_id, acceptedAt: row.accepted_at },
    ]),
  );
  return ids.map((id) => (id === undefined ? undefined : found.get(id)));
}

/*
 * Two statements, and the second after the first: when the janitor is about to hold a message just now, the first waits for
 * it, and the second finds what it made.
 */
const SETTLE = (from: 'unsettled_messages' | 'dead_letters') => `
WITH settled AS (
  DELETE FROM ${from} u WHERE u.message_id = ANY ($1::uuid[]) ${from === 'dead_letters' ? "AND u.state = 'unknown'" : ''}
    AND EXISTS (SELECT FROM message_feedback f WHERE f.message_id = u.message_id)
  RETURNING u.message_id, u.tenant_id, u.sequence, u.attempt, u.possible_duplicate
)
INSERT INTO message_events (message_id, sequence, tenant_id, state, attempt, possible_duplicate, provider, provider_message_id, detail)
SELECT s.message_id, s.sequence + 1, s.tenant_id, 'sent', s.attempt, s.possible_duplicate, f.account, f.provider_message_id,
       'evidence: the provider reported ' || f.fact
FROM settled s CROSS JOIN LATERAL (
  SELECT * FROM message_feedback f WHERE f.message_id = s.message_id ORDER BY f.at, f.fact LIMIT 1) f
RETURNING message_id`;

/**
 * Settles those of the messages that are unknown, held ones too, and of which a provider has said something: it took them.
 * Returns how many.
 */
export async function settleEvidenced(client: Pool | PoolClient, messageIds: string[]): Promise<number> {
  if (messageIds.length === 0) return 0;
  const waiting = await client.query({
    name: 'settle-waiting',
    text: SETTLE('unsettled_messages'),
    values: [messageIds],
  });
  const held = await client.query({ name: 'settle-held', text: SETTLE('dead_letters'), values: [messageIds] });
  return (waiting.rowCount ?? 0) + (held.rowCount ?? 0);
}

/** Which of the messages a provider has taken, with the id that it gave. Asked before anything is sent a second time. */
export async function readEvidence(pool: Pool, messageIds: string[]): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ message_id: string; provider_message_id: string | null }>(
    `SELECT DISTINCT ON (message_id) message_id, provider_message_id FROM message_feedback
     WHERE message_id = ANY ($1::uuid[]) ORDER BY message_id, at`,
    [messageIds],
  );
  return new Map(rows.map((row) => [row.message_id, row.provider_message_id ?? '']));
}

/** A fact as an account shows it. */
export type FeedbackRow = {
  messageId: string;
  fact: FeedbackFact;
  class: BounceClass | '';
  at: Date;
  statedAt: Date | null;
  receivedAt: Date;
  code: string | null;
  account: string;
  providerMessageId: string | null;
  detail: string | null;
};

/** The facts of messages, in the order in which they happened. */
export async function readFeedback(pool: Pool, messageIds: string[]): Promise<FeedbackRow[]> {
  const { rows } = await pool.query<FeedbackRow>(
    `SELECT message_id AS "messageId", fact, class, at, stated_at AS "statedAt", received_at AS "receivedAt", code, account,
            provider_message_id AS "providerMessageId", detail
     FROM message_feedback WHERE message_id = ANY ($1::uuid[]) ORDER BY message_id, at, fact, class`,
    [messageIds],
  );
  return rows;
}

import type { Lane, Outcome, UnknownPolicy } from '@outrigger/core';
import type { NewBatch } from './accept.ts';
import { settleEvidenced } from './feedback.ts';
import { keepMessageMetadata } from './message-metadata.ts';
import type { Pool } from './pool.ts';
import { fitsOneRow, recordSent, storable } from './record-sent.ts';

/** One message's outcome with the batch and token under which it was reached. */
export type RecordItem = {
  batchId: string;
  token: string;
  messageId: string;
  tenantId: number;
  outcome: Outcome;
  provider: string;
  /** How many times the batch's messages were batched before, plus one; on the first pass `sent` costs a fraction of a row. */
  pass?: number;
  /** For `deferred`: when the message may be tried again. */
  eligibleAt?: Date;
  /** For `unknown`: what the campaign wants, and when it is decided unless evidence comes first. */
  policy?: UnknownPolicy;
  decideAt?: Date;
  /** For a message that a brake holds: it waits until the brake is released. */
  brakeId?: string;
  /** What the message's content noted about it, when it was handed to a provider. */
  metadata?: Record<string, string>;
};

/*
 * The fence locks the batches whose token still matches; outcomes of others match nothing. Recorded messages leave their
 * batch, and an empty batch is gone, so batches hold exactly what is outstanding. A deferred message goes into a new batch
 * (not due until its brake is released, when one holds it), an unknown one into unsettled_messages, a failed one becomes a
 * dead letter.
 */
const RECORD = `
WITH fence AS MATERIALIZED (
  SELECT b.batch_id, b.bundle_id, b.lane, b.tenant_id AS batch_tenant_id, b.attempt, b.pass, b.possible_duplicate, b.token, b.message_ids
  FROM unnest($1::bigint[], $2::uuid[]) AS f(batch_id, token) JOIN batches b ON b.batch_id = f.batch_id AND b.token = f.token
  ORDER BY b.batch_id FOR UPDATE OF b
), outcome AS MATERIALIZED (
  SELECT o.*, f.bundle_id, f.lane, f.batch_tenant_id, f.attempt, f.pass, f.possible_duplicate, f.token,
         CASE WHEN f.pass = 1 THEN 1
              ELSE 1 + coalesce((SELECT max(p.sequence) FROM message_events p WHERE p.message_id = o.message_id), 0) END AS sequence
  FROM unnest($3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
              $11::boolean[], $12::timestamptz[], $13::text[], $14::timestamptz[], $15::uuid[], $16::uuid[])
    AS o(batch_id, message_id, tenant_id, state, code, provider, provider_message_id, detail,
         costs_attempt, eligible_at, policy, decide_at, brake_id, claim_token)
  -- The token again: a worker that stood still may have outcomes of two claims of one batch in one group. A message that
  -- already left its batch is not written again: a flush may be repeated after a lost reply.
  JOIN fence f ON f.batch_id = o.batch_id AND f.token = o.claim_token AND o.message_id = ANY (f.message_ids)
), event AS (
  INSERT INTO message_events (message_id, sequence, tenant_id, state, code, attempt, possible_duplicate, provider,
                              provider_message_id, detail)
  SELECT message_id, sequence, tenant_id, state, code, attempt, possible_duplicate, provider, provider_message_id, detail
  FROM outcome
), retry AS (
  INSERT INTO batches (tenant_id, lane, bundle_id, message_ids, attempt, pass, possible_duplicate, eligible_at, enqueued_at, brake_id)
  SELECT batch_tenant_id, lane, bundle_id, array_agg(message_id), attempt + costs_attempt::int, pass + 1, possible_duplicate,
         coalesce(eligible_at, 'infinity'), now(), brake_id
  FROM outcome WHERE state = 'deferred'
  GROUP BY batch_id, batch_tenant_id, lane, bundle_id, attempt, costs_attempt, pass, possible_duplicate, eligible_at, brake_id
  RETURNING batch_id, lane, tenant_id, eligible_at
), dead AS (
  INSERT INTO dead_letters (message_id, tenant_id, campaign_id, lane, state, code, provider, detail, sequence, attempt, pass, possible_duplicate)
  SELECT o.message_id, o.tenant_id, e.campaign_id, o.lane, o.state, o.code, o.provider, o.detail, o.sequence, o.attempt, o.pass, o.possible_duplicate
  FROM outcome o CROSS JOIN LATERAL messages_of(ARRAY[o.message_id]) e WHERE o.state = 'failed'
), doubt AS (
  INSERT INTO unsettled_messages (message_id, tenant_id, lane, code, sequence, attempt, pass, possible_duplicate, token, policy, decide_at)
  SELECT message_id, tenant_id, lane, code, sequence, attempt, pass, possible_duplicate, token, policy, decide_at
  FROM outcome WHERE state = 'unknown'
), outstanding AS MATERIALIZED (
  SELECT f.batch_id, ARRAY(SELECT i FROM unnest(f.message_ids) i WHERE i NOT IN (SELECT o.message_id FROM outcome o)) AS message_ids
  FROM fence f
), gone AS (
  DELETE FROM batches b USING outstanding o WHERE b.batch_id = o.batch_id AND o.message_ids = '{}'
), shrunk AS (
  UPDATE batches b SET message_ids = o.message_ids FROM outstanding o WHERE b.batch_id = o.batch_id AND o.message_ids <> '{}'
)
SELECT (SELECT coalesce(array_agg(message_id), '{}') FROM outcome) AS recorded,
       (SELECT coalesce(json_agg(json_build_object('batch_id', batch_id::text, 'lane', lane, 'tenant_id', tenant_id,
          'delay_ms', greatest(0, extract(epoch FROM eligible_at - now()) * 1000)::int)), '[]')
        FROM retry WHERE eligible_at <> 'infinity') AS retries`;

/* A worker whose batch was settled behind its back still knows the truth about a message that became unknown. */
const LATE = `
WITH late AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS l(message_id, token, provider, provider_message_id)
), settled AS (
  DELETE FROM unsettled_messages u USING late l WHERE u.message_id = l.message_id AND u.token = l.token
  RETURNING u.message_id, u.tenant_id, u.sequence, u.attempt, u.possible_duplicate, l.provider, l.provider_message_id
)
INSERT INTO message_events (message_id, sequence, tenant_id, state, code, attempt, possible_duplicate, provider, provider_message_id, detail)
SELECT message_id, sequence + 1, tenant_id, 'sent', NULL, attempt, possible_duplicate, provider, provider_message_id, 'late result'
FROM settled RETURNING message_id`;

export type Recorded = { recorded: Set<string>; retries: (NewBatch & { delayMs: number })[] };

/**
 * Writes a group of outcomes durably: what was sent on its first pass a row a batch, all others in a second statement. An outcome
 * whose token no longer holds its batch is not written, except that a late `sent` settles a message that had become unknown.
 * Throws when the ledger cannot be written; what was written by then is not written again when the group is repeated.
 */
export async function recordOutcomes(pool: Pool, items: RecordItem[]): Promise<Recorded> {
  // Before the outcome: whoever hears of that finds it.
  const noted = items.flatMap(({ messageId, tenantId, metadata }) =>
    metadata ? [{ messageId, tenantId, metadata }] : [],
  );
  if (noted.length > 0) await keepMessageMetadata(pool, noted);
  const sent = await recordSent(pool, items.filter(fitsOneRow));
  const others = sent.size === 0 ? items : items.filter((item) => !sent.has(item.messageId));
  if (others.length === 0) return { recorded: sent, retries: [] };
  const { recorded, retries } = await recordEach(pool, others);
  return { recorded: new Set([...sent, ...recorded]), retries };
}

async function recordEach(pool: Pool, items: RecordItem[]): Promise<Recorded> {
  const fences = [...new Map(items.map((item) => [`${item.batchId} ${item.token}`, item])).values()];
  const { rows } = await pool.query<{
    recorded: string[];
    retries: { batch_id: string; lane: Lane; tenant_id: number; delay_ms: number }[];
  }>({
    name: 'record',
    text: RECORD,
    values: [
      fences.map((item) => item.batchId),
      fences.map((item) => item.token),
      items.map((item) => item.batchId),
      items.map((item) => item.messageId),
      items.map((item) => item.tenantId),
      items.map((item) => item.outcome.state),
      items.map((item) => ('code' in item.outcome ? item.outcome.code : null)),
      items.map((item) => item.provider),
      items.map((item) => ('providerMessageId' in item.outcome ? storable(item.outcome.providerMessageId) : null)),
      items.map((item) =>
        'detail' in item.outcome && item.outcome.detail !== undefined ? storable(item.outcome.detail) : null,
      ),
      items.map((item) => ('costsAttempt' in item.outcome ? item.outcome.costsAttempt : false)),
      items.map((item) => item.eligibleAt ?? null),
      items.map((item) => item.policy ?? null),
      items.map((item) => item.decideAt ?? null),
      items.map((item) => item.brakeId ?? null),
      items.map((item) => item.token),
    ],
  });
  const recorded = new Set(rows[0]!.recorded);
  const late = items.flatMap(({ messageId, token, provider, outcome }) =>
    outcome.state === 'sent' && !recorded.has(messageId)
      ? [{ messageId, token, provider, providerMessageId: outcome.providerMessageId }]
      : [],
  );
  if (late.length > 0) await settleLate(pool, late);
  // The provider may have spoken of the message before we gave up waiting for its answer.
  const doubtful = items.filter(({ messageId, outcome }) => outcome.state === 'unknown' && recorded.has(messageId));
  await settleEvidenced(
    pool,
    doubtful.map((item) => item.messageId),
  );
  return {
    recorded,
    retries: rows[0]!.retries.map((retry) => ({
      batchId: retry.batch_id,
      lane: retry.lane,
      tenantId: retry.tenant_id,
      claims: 0,
      delayMs: retry.delay_ms,
    })),
  };
}

/** Settles unknown messages for which the provider's acceptance under the same token has turned up. Others are left alone. */
export async function settleLate(
  pool: Pool,
  answered: { messageId: string; token: string; provider: string; providerMessageId: string }[],
): Promise<void> {
  await pool.query(LATE, [
    answered.map((one) => one.messageId),
    answered.map((one) => one.token),
    answered.map((one) => one.provider),
    answered.map((one) => one.providerMessageId),
  ]);
}

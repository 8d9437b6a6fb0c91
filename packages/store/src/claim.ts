import type { BrakeRule, JsonObject, Lane, Recipient } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { correctedRecipient, recipientsOf } from './recipients.ts';

/** One message of a claimed batch with everything the ledger knows of it. */
export type ClaimedMessage = {
  messageId: string;
  tenantId: number;
  executionId: string;
  campaignId: string;
  versionId: string;
  campaignStatus: string;
  acceptedAt: Date;
  expiresAt: Date;
  recipient: Recipient;
};

export type ClaimedBatch = {
  batchId: string;
  lane: Lane;
  /** Brakes that were in force when the batch was claimed, of any scope. */
  brakes: BrakeRule[];
  token: string;
  attempt: number;
  pass: number;
  claims: number;
  possibleDuplicate: boolean;
  messages: ClaimedMessage[];
};

type ClaimRow = {
  batch_id: string;
  lane: Lane;
  token: string;
  attempt: number;
  pass: number;
  claims: number;
  possible_duplicate: boolean;
  message_id: string;
  tenant_id: number;
  recipient_index: number;
  expires_at: Date;
  execution_id: string;
  campaign_id: string;
  version_id: string;
  accepted_at: Date;
  content: string | null;
  campaign_status: string;
  override_recipient: string | null;
  brakes: BrakeRule[] | null;
};

/* One row a batch is written, whatever its size; the compare-and-set is `token IS NULL`. */
const CLAIM = `
WITH wanted AS MATERIALIZED (
  SELECT b.batch_id, w.token FROM unnest($1::bigint[], $2::uuid[]) AS w(batch_id, token) JOIN batches b USING (batch_id)
  WHERE b.token IS NULL AND b.eligible_at <= now() ORDER BY b.batch_id FOR UPDATE OF b SKIP LOCKED
), claimed AS (
  UPDATE batches b SET token = w.token, claims = b.claims + 1, claimed_by = $3,
    claimed_until = now() + $4 * interval '1 millisecond'
  FROM wanted w WHERE b.batch_id = w.batch_id
  RETURNING b.batch_id, b.lane, b.message_ids, b.attempt, b.pass, b.claims, b.possible_duplicate, b.token
)
SELECT c.batch_id, c.lane, c.token, c.attempt, c.pass, c.claims, c.possible_duplicate,
       m.message_id, m.tenant_id, m.recipient_index, coalesce(o.expires_at, m.expires_at) AS expires_at,
       e.execution_id, e.campaign_id, e.version_id, e.accepted_at, t.content, k.status AS campaign_status,
       o.recipient AS override_recipient,
       (SELECT json_agg(json_build_object('brake_id', brake_id, 'tenant_id', tenant_id, 'scope', scope, 'target', target,
          'action', action, 'rate_per_second', rate_per_second)) FROM brakes WHERE released_at IS NULL) AS brakes
FROM claimed c CROSS JOIN LATERAL unnest(c.message_ids) AS i(message_id)
JOIN messages m ON m.message_id = i.message_id
JOIN executions e ON e.execution_id = m.execution_id
JOIN campaigns k ON k.campaign_id = e.campaign_id
LEFT JOIN execution_contents t ON t.execution_id = m.execution_id
LEFT JOIN message_overrides o ON c.pass > 1 AND o.message_id = m.message_id`;

/**
 * Claims batches for one worker: a batch that is already claimed, not yet due or gone is simply missing from the answer.
 * From the commit on, only results with the batch's token are written. `leaseMs` is how long the claim holds.
 */
export async function claimBatches(
  pool: Pool,
  wanted: { batchId: string; token: string }[],
  workerId: string,
  leaseMs: number,
): Promise<Map<string, ClaimedBatch>> {
  const { rows } = await pool.query<ClaimRow>({
    name: 'claim',
    text: CLAIM,
    values: [wanted.map((want) => want.batchId), wanted.map((want) => want.token), workerId, leaseMs],
  });
  const batches = new Map<string, ClaimedBatch>();
  const contents = new Map<string, Recipient[]>();
  for (const row of rows) {
    let batch = batches.get(row.batch_id);
    if (!batch) {
      batch = {
        batchId: row.batch_id,
        lane: row.lane,
        token: row.token,
        attempt: row.attempt,
        pass: row.pass,
        claims: row.claims,
        possibleDuplicate: row.possible_duplicate,
        brakes: row.brakes ?? [],
        messages: [],
      };
      batches.set(row.batch_id, batch);
    }
    batch.messages.push({
      messageId: row.message_id,
      tenantId: row.tenant_id,
      executionId: row.execution_id,
      campaignId: row.campaign_id,
      versionId: row.version_id,
      campaignStatus: row.campaign_status,
      acceptedAt: row.accepted_at,
      expiresAt: row.expires_at,
      recipient: recipientOf(row, contents),
    });
  }
  return batches;
}

/** Content is parsed once an execution; erased content leaves a recipient without data, which the resolver excludes. */
function recipientOf(row: ClaimRow, contents: Map<string, Recipient[]>): Recipient {
  let recipients = contents.get(row.execution_id);
  if (!recipients) {
    recipients = recipientsOf(row.content);
    contents.set(row.execution_id, recipients);
  }
  const recipient = recipients[row.recipient_index];
  if (row.override_recipient !== null) return correctedRecipient(row.override_recipient, recipient);
  return recipient ?? { type: 'external', userId: '', namespace: '', context: {} as JsonObject };
}

/**
 * In how many milliseconds an unclaimed batch is due, by the ledger's clock; undefined when it is claimed, gone or held by a
 * brake. For whoever could not claim it: its job came too early, or somebody had the row locked for a moment.
 */
export async function readDueIn(pool: Pool, batchId: string): Promise<number | undefined> {
  const { rows } = await pool.query<{ due_in_ms: number }>({
    name: 'due-in',
    text: `SELECT greatest(0, ceil(extract(epoch FROM eligible_at - now()) * 1000))::float8 AS due_in_ms FROM batches
           WHERE batch_id = $1 AND token IS NULL AND eligible_at < 'infinity'`,
    values: [batchId],
  });
  return rows[0]?.due_in_ms;
}

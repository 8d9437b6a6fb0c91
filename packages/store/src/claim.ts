import {
  type BrakeRule,
  executionIdIn,
  type JsonObject,
  type Lane,
  messageIdIn,
  type Recipient,
} from '@outrigger/core';
import { plainArray } from './accept.ts';
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
  /** A test of a draft, an answer to a text, a copy: sent whatever the campaign's status, and without asking for consent. */
  apart?: true;
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
  /** How often its worker died, hung or failed with it. */
  strikes: number;
  possibleDuplicate: boolean;
  messages: ClaimedMessage[];
};

/** A claimed batch with one part of a bundle; most batches are of one bundle, and most bundles of one part. */
type ClaimRow = {
  batch_id: string;
  tenant_id: number;
  lane: Lane;
  token: string;
  attempt: number;
  pass: number;
  claims: number;
  strikes: number;
  possible_duplicate: boolean;
  /** `{id,id}` */
  message_ids: string;
  bundle_id: string;
  accepted_at: Date;
  origins: Origin[];
  calls: string;
  content: string | null;
  statuses: Record<string, string> | null;
  brakes: BrakeRule[] | null;
  overrides: { message_id: string; recipient: string | null; expires_at: string }[] | null;
};

type Origin = { endpoint: string; campaign_id: string; version_id: string; expires_at: string };

/*
 * One row a batch is written, whatever its size; the compare-and-set is `token IS NULL`. Then a row a bundle is read: OFFSET 0
 * keeps that a look-up by key, whatever the planner believes about the number of claimed batches.
 */
const CLAIM = `
WITH wanted AS MATERIALIZED (
  SELECT b.batch_id, w.token FROM unnest($1::bigint[], $2::uuid[]) AS w(batch_id, token) JOIN batches b USING (batch_id)
  WHERE b.token IS NULL AND b.eligible_at <= now() ORDER BY b.batch_id FOR UPDATE OF b SKIP LOCKED
), claimed AS (
  UPDATE batches b SET token = w.token, claims = b.claims + 1, claimed_by = $3,
    claimed_until = now() + $4 * interval '1 millisecond'
  FROM wanted w WHERE b.batch_id = w.batch_id
  RETURNING b.batch_id, b.tenant_id, b.lane, b.message_ids, b.bundle_id, b.attempt, b.pass, b.claims, b.strikes, b.possible_duplicate, b.token
)
SELECT c.batch_id, c.tenant_id, c.lane, c.token, c.attempt, c.pass, c.claims, c.strikes, c.possible_duplicate, c.message_ids::text,
       d.bundle_id, d.accepted_at, d.origins, d.calls, d.content, d.statuses,
       (SELECT json_agg(json_build_object('brake_id', brake_id, 'tenant_id', tenant_id, 'scope', scope, 'target', target,
          'action', action, 'rate_per_second', rate_per_second)) FROM brakes WHERE released_at IS NULL) AS brakes,
       CASE WHEN c.pass > 1 THEN (SELECT json_agg(json_build_object('message_id', o.message_id, 'recipient', o.recipient,
          'expires_at', o.expires_at)) FROM message_overrides o WHERE o.message_id = ANY (c.message_ids)) END AS overrides
FROM claimed c
CROSS JOIN LATERAL unnest(CASE WHEN c.bundle_id IS NULL THEN bundles_of(c.message_ids) ELSE ARRAY[c.bundle_id] END) AS u(id)
LEFT JOIN LATERAL (
  SELECT b.bundle_id, b.accepted_at, b.origins, b.calls, t.content,
         (SELECT json_object_agg(k.campaign_id, k.status) FROM campaigns k
          WHERE k.campaign_id = ANY (ARRAY(SELECT (o->>'campaign_id')::uuid FROM jsonb_array_elements(b.origins) o))) AS statuses
  FROM bundles b
  LEFT JOIN LATERAL (SELECT x.content FROM bundle_contents x WHERE x.bundle_id = b.bundle_id AND x.part = b.part OFFSET 0) t ON true
  WHERE b.bundle_id = u.id OFFSET 0) d ON true`;

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
    values: [
      plainArray(wanted.map((want) => want.batchId)),
      plainArray(wanted.map((want) => want.token)),
      workerId,
      leaseMs,
    ],
  });
  const batches = new Map<string, ClaimedBatch>();
  for (const [batchId, ofBatch] of Map.groupBy(rows, (row) => row.batch_id)) {
    batches.set(batchId, claimedBatch(ofBatch));
  }
  return batches;
}

function claimedBatch(rows: ClaimRow[]): ClaimedBatch {
  const [first] = rows as [ClaimRow];
  const ids = first.message_ids.slice(1, -1).split(',');
  const wanted = new Set(ids);
  const found = new Map<string, ClaimedMessage>();
  for (const row of rows) {
    // Null when the bundle's day was dropped while the batch still waited: then there is nothing left to deliver.
    if (row.bundle_id !== null) readPart(row, wanted, found);
  }
  for (const { message_id, recipient, expires_at } of first.overrides ?? []) {
    const message = found.get(message_id);
    if (!message) continue;
    message.expiresAt = new Date(expires_at);
    if (recipient !== null) message.recipient = correctedRecipient(recipient, message.recipient);
  }
  return {
    batchId: first.batch_id,
    lane: first.lane,
    token: first.token,
    attempt: first.attempt,
    pass: first.pass,
    claims: first.claims,
    strikes: first.strikes,
    possibleDuplicate: first.possible_duplicate,
    brakes: first.brakes ?? [],
    messages: ids.flatMap((id) => found.get(id) ?? []),
  };
}

/** Adds the wanted messages of one part of a bundle. Only calls with a wanted message have their content parsed. */
function readPart(row: ClaimRow, wanted: Set<string>, found: Map<string, ClaimedMessage>): void {
  const contents = row.content?.split('\n');
  const dates = row.origins.map((origin) => new Date(origin.expires_at));
  row.calls.split('\n').forEach((line, index) => {
    if (line === '') return;
    const [place, recipients, originIndex] = JSON.parse(line) as [number, number, number, string];
    const origin = row.origins[originIndex]!;
    let people: Recipient[] | undefined;
    for (let turn = 0; turn < recipients; turn++) {
      const messageId = messageIdIn(row.bundle_id, place + turn);
      if (!wanted.has(messageId)) continue;
      people ??= recipientsOf(contents?.[index] || null);
      found.set(messageId, {
        messageId,
        tenantId: row.tenant_id,
        executionId: executionIdIn(row.bundle_id, place),
        campaignId: origin.campaign_id,
        versionId: origin.version_id,
        campaignStatus: row.statuses?.[origin.campaign_id] ?? 'STOPPED',
        ...(APART.has(origin.endpoint) && { apart: true }),
        acceptedAt: row.accepted_at,
        expiresAt: dates[originIndex]!,
        recipient: people[turn] ?? NOBODY,
      });
    }
  });
}

const APART = new Set(['proof', 'reply', 'copy']);

/** Erased content leaves a recipient without data, which the resolver excludes. */
const NOBODY: Recipient = { type: 'external', userId: '', namespace: '', context: {} as JsonObject };

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

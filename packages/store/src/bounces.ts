import {
  type BounceClass,
  comparableEmail,
  countSoftBounces,
  type EmailSettings,
  type Recipient,
} from '@outrigger/core';
import type { PoolClient } from 'pg';
import type { Pool } from './pool.ts';
import { correctedRecipient, recipientsOf } from './recipients.ts';
import { suppress } from './suppressions.ts';

/** A bounce or a complaint of a message whose address is known. */
export type AddressBounce = {
  tenantId: number;
  messageId: string;
  address: string;
  class: BounceClass;
  complaint: boolean;
  code: string;
  /** The reason in words, for the person who finds the entry on the list (spec 11.1). */
  reason: string;
  at: Date;
  message: string | undefined;
};

/** Who put an entry on the list that nobody typed in. */
export const SUPPRESSED_BY_FEEDBACK = 'feedback';

/**
 * Applies bounces and complaints to the suppression list, in the caller's transaction: a hard bounce and a complaint at
 * once, a soft bounce when the counter of the address reaches `threshold` (spec 11.1, 11.3). Returns how many entries came of it.
 */
export async function applyBounces(client: PoolClient, bounces: AddressBounce[], threshold: number): Promise<number> {
  let suppressed = 0;
  for (const bounce of bounces) {
    const address = comparableEmail(bounce.address);
    await client.query(
      `INSERT INTO bounce_events (tenant_id, address, message_id, bounce_type, code, at, message)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [
        bounce.tenantId,
        address,
        bounce.messageId,
        bounce.class.toUpperCase(),
        bounce.code,
        bounce.at,
        bounce.message ?? null,
      ],
    );
    const hard = bounce.complaint || bounce.class === 'hard';
    if (!hard && (bounce.class !== 'soft' || (await countOf(client, bounce.tenantId, address)) < threshold)) continue;
    await suppress(client, bounce.tenantId, {
      entityType: 'email',
      entityValue: address,
      suppressedType: hard ? 'HARD' : 'SOFT',
      suppressedBy: SUPPRESSED_BY_FEEDBACK,
      comment: bounce.reason,
    });
    suppressed++;
  }
  return suppressed;
}

async function countOf(client: PoolClient, tenantId: number, address: string): Promise<number> {
  const { rows } = await client.query<{ messageId: string; at: Date }>(
    `SELECT b.message_id AS "messageId", b.at FROM bounce_events b WHERE tenant_id = $1 AND address = $2 AND bounce_type = 'SOFT'
     AND NOT EXISTS (SELECT FROM message_feedback f WHERE f.message_id = b.message_id AND f.fact = 'delivered' AND f.at >= b.at)
     ORDER BY at DESC LIMIT 100`,
    [tenantId, address],
  );
  return countSoftBounces(rows);
}

export type BounceState = { softCount: number; bounces: BounceEvent[] };
export type BounceEvent = { messageId: string; type: 'HARD' | 'SOFT' | 'IGNORED'; message: string | null; at: Date };

/** What addresses (comparable form) did with our mail lately, newest first and 100 at most; none of those without a bounce. */
export async function readBounceStates(
  pool: Pool,
  tenantId: number,
  addresses: string[],
): Promise<Map<string, BounceState>> {
  if (addresses.length === 0) return new Map();
  const { rows } = await pool.query<BounceEvent & { address: string; counts: boolean }>(
    `SELECT b.address, b.message_id AS "messageId", b.bounce_type AS type, b.message, b.at,
       NOT EXISTS (SELECT FROM message_feedback f
                   WHERE f.message_id = b.message_id AND f.fact = 'delivered' AND f.at >= b.at) AS counts
     FROM unnest($2::text[]) AS a(address) CROSS JOIN LATERAL (
       SELECT * FROM bounce_events e WHERE e.tenant_id = $1 AND e.address = a.address
       ORDER BY e.at DESC, e.message_id LIMIT 100) b
     ORDER BY b.address, b.at DESC, b.message_id`,
    [tenantId, addresses],
  );
  return new Map(
    [...Map.groupBy(rows, ({ address }) => address)].map(([address, bounces]) => {
      const counted = bounces.filter(({ type, counts }) => type === 'SOFT' && counts);
      return [address, { softCount: countSoftBounces(counted), bounces }];
    }),
  );
}

/** A delivery to an address sets its counter to zero: what bounced before it is forgotten (spec 11.3). */
export async function forgetBounces(
  client: PoolClient,
  delivered: { tenantId: number; address: string; at: Date }[],
): Promise<void> {
  if (delivered.length === 0) return;
  await client.query(
    `DELETE FROM bounce_events b USING unnest($1::int[], $2::text[], $3::timestamptz[]) AS d(tenant_id, address, at)
     WHERE b.tenant_id = d.tenant_id AND b.address = d.address AND b.at <= d.at`,
    [
      delivered.map((one) => one.tenantId),
      delivered.map((one) => comparableEmail(one.address)),
      delivered.map((one) => one.at),
    ],
  );
}

/** What is needed to find the address that a message was sent to. */
export type SentMessage = {
  messageId: string;
  tenantId: number;
  settings: EmailSettings;
  recipient: Recipient | undefined;
};

/** The recipients of email messages as they were last tried; without one where the content was erased. */
export async function readSentMessages(client: PoolClient, messageIds: string[]): Promise<SentMessage[]> {
  const { rows } = await client.query<{
    message_id: string;
    tenant_id: number;
    recipient_index: number;
    settings: EmailSettings;
    content: string | null;
    override: string | null;
  }>(
    `SELECT m.message_id, m.tenant_id, m.recipient_index, v.settings, t.content, o.recipient AS override
     FROM messages_of($1::uuid[]) m
     JOIN campaign_versions v ON v.version_id = m.version_id
     LEFT JOIN LATERAL contents_of(ARRAY[m.execution_id]) t ON true
     LEFT JOIN message_overrides o ON o.message_id = m.message_id
     WHERE m.lane LIKE 'email%'`,
    [messageIds],
  );
  return rows.map((row) => {
    const original = recipientsOf(row.content)[row.recipient_index];
    const recipient = row.override === null ? original : correctedRecipient(row.override, original);
    return { messageId: row.message_id, tenantId: row.tenant_id, settings: row.settings, recipient };
  });
}

import type { Pool } from './pool.ts';

/** What the content of a message noted about it. */
export type MessageMetadata = { messageId: string; tenantId: number; metadata: Record<string, string> };

/** Keeps what messages noted at their latest attempt. */
export async function keepMessageMetadata(pool: Pool, items: MessageMetadata[]): Promise<void> {
  // A message may be in a group twice, from two claims; rows in order, so that two processes cannot deadlock.
  const latest = [...new Map(items.map((item) => [item.messageId, item])).values()];
  const rows = latest.toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1));
  await pool.query({
    name: 'keep-metadata',
    text: `INSERT INTO message_metadata (message_id, tenant_id, metadata)
           SELECT * FROM unnest($1::uuid[], $2::int[], $3::jsonb[])
           ON CONFLICT (message_id) DO UPDATE SET metadata = excluded.metadata`,
    values: [
      rows.map((row) => row.messageId),
      rows.map((row) => row.tenantId),
      rows.map((row) => JSON.stringify(row.metadata)),
    ],
  });
}

/** By message; nothing for a message that noted nothing. */
export async function readMessageMetadata(
  pool: Pool,
  messageIds: string[],
): Promise<Map<string, Record<string, string>>> {
  const { rows } = await pool.query<{ message_id: string; metadata: Record<string, string> }>(
    'SELECT message_id, metadata FROM message_metadata WHERE message_id = ANY ($1::uuid[])',
    [messageIds],
  );
  return new Map(rows.map((row) => [row.message_id, row.metadata]));
}

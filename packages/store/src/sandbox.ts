import type { Channel, SandboxRecord } from '@outrigger/core';
import type { Pool } from './pool.ts';

export type StoredSandboxRecord = SandboxRecord & { recordId: string; createdAt: Date };
type SandboxRow = {
  record_id: string;
  channel: Channel;
  message_id: string;
  recipient: string;
  content: Record<string, unknown>;
  created_at: Date;
};

/** Keeps what the sandbox provider was given. Not part of the ledger: only for looking at. */
export async function keepSandboxRecords(pool: Pool, records: SandboxRecord[]): Promise<void> {
  await pool.query({
    name: 'keep-sandbox',
    text: `INSERT INTO sandbox_records (channel, message_id, recipient, content)
           SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::jsonb[])`,
    values: [
      records.map((record) => record.channel),
      records.map((record) => record.messageId),
      records.map((record) => record.recipient),
      records.map((record) => JSON.stringify(record.content)),
    ],
  });
}

/** The newest records first, at most `limit`; of one message or one channel when asked. */
export async function listSandboxRecords(
  pool: Pool,
  filter: { limit: number; channel?: Channel; messageId?: string },
): Promise<StoredSandboxRecord[]> {
  const { rows } = await pool.query<SandboxRow>(
    `SELECT * FROM sandbox_records WHERE ($2::text IS NULL OR channel = $2) AND ($3::uuid IS NULL OR message_id = $3)
     ORDER BY record_id DESC LIMIT $1`,
    [filter.limit, filter.channel ?? null, filter.messageId ?? null],
  );
  return rows.map(fromRow);
}

export async function readSandboxRecord(pool: Pool, recordId: string): Promise<StoredSandboxRecord | undefined> {
  const { rows } = await pool.query<SandboxRow>('SELECT * FROM sandbox_records WHERE record_id = $1', [recordId]);
  return rows[0] && fromRow(rows[0]);
}

function fromRow(row: SandboxRow): StoredSandboxRecord {
  return {
    recordId: row.record_id,
    channel: row.channel,
    messageId: row.message_id,
    recipient: row.recipient,
    content: row.content,
    createdAt: row.created_at,
  };
}

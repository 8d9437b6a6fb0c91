import type { Pool } from './pool.ts';

/** Keeps a file of a sandbox under the digest of its bytes; one that is there stays as it is. */
export async function keepAttachmentFile(pool: Pool, tenantId: number, digest: string, bytes: Buffer): Promise<void> {
  await pool.query(
    'INSERT INTO attachment_files (tenant_id, digest, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [tenantId, digest, bytes],
  );
}

export async function readAttachmentFile(pool: Pool, tenantId: number, digest: string): Promise<Buffer | undefined> {
  const { rows } = await pool.query<{ bytes: Buffer }>(
    'SELECT bytes FROM attachment_files WHERE tenant_id = $1 AND digest = $2',
    [tenantId, digest],
  );
  return rows[0]?.bytes;
}

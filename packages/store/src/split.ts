import type { NewBatch } from './accept.ts';
import type { ClaimedBatch } from './claim.ts';
import type { Pool } from './pool.ts';

/**
 * Breaks a claimed batch into batches of one message each, which remember how often they came back. For a batch that keeps
 * coming back without outcomes: one of its messages may be killing its workers, and alone it can be told from the others.
 * Writes nothing when the token no longer holds the batch.
 */
export async function splitBatch(pool: Pool, batch: Pick<ClaimedBatch, 'batchId' | 'token'>): Promise<NewBatch[]> {
  const { rows } = await pool.query<{ batch_id: string; lane: NewBatch['lane']; tenant_id: number; claims: number }>(
    `WITH taken AS (DELETE FROM batches WHERE batch_id = $1 AND token = $2 RETURNING *)
     INSERT INTO batches (tenant_id, lane, bundle_id, message_ids, attempt, pass, possible_duplicate, claims, strikes, enqueued_at)
     SELECT tenant_id, lane, bundle_id, ARRAY[message_id], attempt, pass, possible_duplicate, claims, strikes, now()
     FROM taken CROSS JOIN LATERAL unnest(message_ids) AS i(message_id)
     RETURNING batch_id, lane, tenant_id, claims`,
    [batch.batchId, batch.token],
  );
  return rows.map((row) => ({ batchId: row.batch_id, lane: row.lane, tenantId: row.tenant_id, claims: row.claims }));
}

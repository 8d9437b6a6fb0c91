import { writeAudit } from './audit.ts';
import { inTransaction, type Pool } from './pool.ts';

const PIECE = 10_000;

/** Asks for everything to go that is on a tenant's suppression list now. What is added later stays. */
export async function requestSuppressionWipe(pool: Pool, tenantId: number, by: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `INSERT INTO suppression_wipes (tenant_id, wiped_at, requested_by) VALUES ($1, now(), $2)
       ON CONFLICT (tenant_id) DO UPDATE SET wiped_at = excluded.wiped_at, requested_by = excluded.requested_by`,
      [tenantId, by],
    );
    await writeAudit(client, { tenantId, actor: by, action: 'suppression.wipe', target: 'suppression list' });
  });
}

/** Deletes a piece of what is to be wiped. Returns whether there is more to do. */
export async function wipeSuppressions(pool: Pool): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ tenant_id: number; wiped_at: Date }>(
      'SELECT tenant_id, wiped_at FROM suppression_wipes ORDER BY wiped_at LIMIT 1 FOR UPDATE SKIP LOCKED',
    );
    const wipe = rows[0];
    if (!wipe) return false;
    const { rowCount } = await client.query(
      `DELETE FROM suppressions WHERE ctid = ANY (ARRAY(
         SELECT s.ctid FROM suppressions s JOIN suppression_wipes w ON w.tenant_id = s.tenant_id
         WHERE s.tenant_id = $1 AND s.list_type = 'client' AND s.modified_at <= w.wiped_at LIMIT $2))`,
      [wipe.tenant_id, PIECE],
    );
    if ((rowCount ?? 0) === PIECE) return true;
    await client.query('DELETE FROM suppression_wipes WHERE tenant_id = $1', [wipe.tenant_id]);
    return true;
  });
}

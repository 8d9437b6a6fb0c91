import { writeAudit } from './audit.ts';
import { inTransaction, type Pool } from './pool.ts';
import { countAllowed } from './suppression-list.ts';

/** Whether the allowed list of a sandbox is in force, and how much is on it. */
export async function readAllowedList(pool: Pool, tenantId: number): Promise<{ active: boolean; entries: number }> {
  const { rows } = await pool.query<{ active: boolean }>(
    'SELECT active FROM allowed_list_switches WHERE tenant_id = $1',
    [tenantId],
  );
  return { active: rows[0]?.active ?? false, entries: await countAllowed(pool, tenantId) };
}

/** Puts the allowed list in force, or out of force, for every claim after the answer. */
export async function switchAllowedList(pool: Pool, tenantId: number, active: boolean, by: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `INSERT INTO allowed_list_switches (tenant_id, active, modified_by) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id) DO UPDATE SET active = excluded.active, modified_by = excluded.modified_by, modified_at = now()`,
      [tenantId, active, by],
    );
    const action = active ? 'allowed_list.activate' : 'allowed_list.deactivate';
    await writeAudit(client, { tenantId, actor: by, action, target: 'allowed list' });
  });
}

import type { PoolClient } from 'pg';
import type { Pool } from './pool.ts';

export type AuditEntry = {
  tenantId: number | null;
  actor: string;
  action: string;
  target: string;
  detail?: Record<string, unknown>;
};

/** Writes down who did what; in the transaction of the deed, so that neither is there without the other. */
export async function writeAudit(client: Pool | PoolClient, entry: AuditEntry): Promise<void> {
  await client.query('INSERT INTO audit_log (tenant_id, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)', [
    entry.tenantId,
    entry.actor,
    entry.action,
    entry.target,
    entry.detail ?? {},
  ]);
}

/** The newest entries first: a tenant's, or (for null) those that concern everybody. */
export async function readAudit(
  pool: Pool,
  tenantId: number | null,
  limit: number,
): Promise<(AuditEntry & { at: Date })[]> {
  const { rows } = await pool.query(
    `SELECT tenant_id, actor, action, target, detail, created_at FROM audit_log
     WHERE ${tenantId === null ? 'tenant_id IS NULL AND $1::int IS NULL' : 'tenant_id = $1'} ORDER BY audit_id DESC LIMIT $2`,
    [tenantId, limit],
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    actor: row.actor,
    action: row.action,
    target: row.target,
    detail: row.detail,
    at: row.created_at,
  }));
}

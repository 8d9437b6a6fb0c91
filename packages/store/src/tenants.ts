import type { PoolClient } from 'pg';
import type { Pool } from './pool.ts';

export type Tenant = { tenantId: number; orgId: string; sandboxName: string };
/** `operate` is for what concerns every tenant of the installation: brakes of lanes and providers. */
export type Scope = 'execute' | 'read' | 'manage' | 'operate';
export type ApiKey = {
  keyId: string;
  name: string;
  orgId: string;
  sandboxNames: string[];
  secretHash: Buffer;
  scopes: Scope[];
  expiresAt: Date | null;
  /** The secret before a rotation, while it is still taken. */
  previous?: { secretHash: Buffer; until: Date };
};

const TENANT_COLUMNS = 'tenant_id AS "tenantId", org_id AS "orgId", sandbox_name AS "sandboxName"';

export async function readTenants(pool: Pool): Promise<Tenant[]> {
  return (await pool.query<Tenant>(`SELECT ${TENANT_COLUMNS} FROM tenants`)).rows;
}

export async function readTenant(pool: Pool, tenantId: number): Promise<Tenant | undefined> {
  return (await pool.query<Tenant>(`SELECT ${TENANT_COLUMNS} FROM tenants WHERE tenant_id = $1`, [tenantId])).rows[0];
}

/** Those of the wanted sandboxes that are there. */
export async function findTenants(pool: Pool, wanted: Omit<Tenant, 'tenantId'>[]): Promise<Tenant[]> {
  const { rows } = await pool.query<Tenant>(
    `SELECT ${TENANT_COLUMNS} FROM tenants
     WHERE (org_id, sandbox_name) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [wanted.map(({ orgId }) => orgId), wanted.map(({ sandboxName }) => sandboxName)],
  );
  return rows;
}

/** Creates the tenant when it is not there and returns it either way. */
export async function ensureTenant(pool: Pool | PoolClient, orgId: string, sandboxName: string): Promise<Tenant> {
  const { rows } = await pool.query<{ tenant_id: number }>(
    `INSERT INTO tenants (org_id, sandbox_name) VALUES ($1, $2)
     ON CONFLICT (org_id, sandbox_name) DO UPDATE SET org_id = excluded.org_id RETURNING tenant_id`,
    [orgId, sandboxName],
  );
  return { tenantId: rows[0]!.tenant_id, orgId, sandboxName };
}

type ApiKeyRow = {
  key_id: string;
  name: string;
  org_id: string;
  sandbox_names: string[];
  secret_hash: Buffer;
  scopes: Scope[];
  expires_at: Date | null;
  previous_secret_hash: Buffer | null;
  previous_until: Date | null;
};

const KEYS_IN_FORCE = 'SELECT * FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())';

/** Keys that are neither revoked nor expired. */
export async function readApiKeys(pool: Pool): Promise<ApiKey[]> {
  return (await pool.query<ApiKeyRow>(KEYS_IN_FORCE)).rows.map(apiKey);
}

/** Those of the wanted keys that are neither revoked nor expired. */
export async function findApiKeys(pool: Pool, keyIds: string[]): Promise<ApiKey[]> {
  return (await pool.query<ApiKeyRow>(`${KEYS_IN_FORCE} AND key_id = ANY ($1)`, [keyIds])).rows.map(apiKey);
}

function apiKey(row: ApiKeyRow): ApiKey {
  return {
    keyId: row.key_id,
    name: row.name,
    orgId: row.org_id,
    sandboxNames: row.sandbox_names,
    secretHash: row.secret_hash,
    scopes: row.scopes,
    expiresAt: row.expires_at,
    ...(row.previous_secret_hash &&
      row.previous_until && { previous: { secretHash: row.previous_secret_hash, until: row.previous_until } }),
  };
}

/** Stores a key by the hash of its secret; the secret itself is never stored. */
export async function insertApiKey(
  pool: Pool | PoolClient,
  key: Omit<ApiKey, 'expiresAt' | 'previous'> & { expiresAt?: Date | null; createdBy?: string },
): Promise<void> {
  await pool.query(
    `INSERT INTO api_keys (key_id, org_id, sandbox_names, name, secret_hash, scopes, expires_at, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      key.keyId,
      key.orgId,
      key.sandboxNames,
      key.name,
      key.secretHash,
      key.scopes,
      key.expiresAt ?? null,
      key.createdBy ?? '',
    ],
  );
}

/** Revoked keys stop working in every process within its refresh period. Returns whether there was such a key. */
export async function revokeApiKey(pool: Pool | PoolClient, keyId: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    'UPDATE api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL',
    [keyId],
  );
  return rowCount === 1;
}

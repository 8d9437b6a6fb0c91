import { writeAudit } from './audit.ts';
import { inTransaction, type Pool } from './pool.ts';
import { ensureTenant, insertApiKey, revokeApiKey, type Scope, type Tenant } from './tenants.ts';

/** A key as its owner sees it: everything but what it is proved with. */
export type KeyRecord = {
  keyId: string;
  name: string;
  orgId: string;
  sandboxNames: string[];
  scopes: Scope[];
  createdAt: Date;
  createdBy: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
  rotatedAt: Date | null;
  previousUntil: Date | null;
};

const COLUMNS = `key_id AS "keyId", name, org_id AS "orgId", sandbox_names AS "sandboxNames", scopes, created_at AS "createdAt",
  created_by AS "createdBy", expires_at AS "expiresAt", revoked_at AS "revokedAt", rotated_at AS "rotatedAt",
  CASE WHEN previous_until > now() THEN previous_until END AS "previousUntil"`;

/** Newest first; revoked and expired ones too. */
export async function listKeys(pool: Pool, filter: { orgId?: string; limit: number }): Promise<KeyRecord[]> {
  const { rows } = await pool.query<KeyRecord>(
    `SELECT ${COLUMNS} FROM api_keys WHERE ($1::text IS NULL OR org_id = $1) ORDER BY created_at DESC, key_id LIMIT $2`,
    [filter.orgId ?? null, filter.limit],
  );
  return rows;
}

export async function readKey(pool: Pick<Pool, 'query'>, keyId: string): Promise<KeyRecord | undefined> {
  const { rows } = await pool.query<KeyRecord>(`SELECT ${COLUMNS} FROM api_keys WHERE key_id = $1`, [keyId]);
  return rows[0];
}

export type NewKey = {
  keyId: string;
  name: string;
  orgId: string;
  sandboxNames: string[];
  scopes: Scope[];
  secretHash: Buffer;
  expiresAt: Date | null;
};

/** Creates a key of sandboxes that are there; names the first that is not. */
export async function createKey(
  pool: Pool,
  key: NewKey,
  by: string,
): Promise<{ key: KeyRecord } | { noSandbox: string }> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT w.name FROM unnest($2::text[]) AS w(name)
       WHERE NOT EXISTS (SELECT FROM tenants t WHERE t.org_id = $1 AND t.sandbox_name = w.name) LIMIT 1`,
      [key.orgId, key.sandboxNames],
    );
    if (rows[0]) return { noSandbox: rows[0].name };
    await insertApiKey(client, { ...key, createdBy: by });
    const detail = { orgId: key.orgId, sandboxNames: key.sandboxNames, scopes: key.scopes };
    await writeAudit(client, { tenantId: null, actor: by, action: 'key.create', target: key.keyId, detail });
    return { key: (await readKey(client, key.keyId))! };
  });
}

/** Gives a key a new secret; the present one is taken until `previousUntil`. Returns undefined when no such key is in force. */
export async function rotateKey(
  pool: Pool,
  keyId: string,
  secretHash: Buffer,
  previousUntil: Date,
  by: string,
): Promise<KeyRecord | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<KeyRecord>(
      `UPDATE api_keys SET previous_secret_hash = secret_hash, previous_until = $3, secret_hash = $2, rotated_at = now()
       WHERE key_id = $1 AND revoked_at IS NULL RETURNING ${COLUMNS}`,
      [keyId, secretHash, previousUntil],
    );
    if (rows[0]) await writeAudit(client, { tenantId: null, actor: by, action: 'key.rotate', target: keyId });
    return rows[0];
  });
}

/** Takes a key out of force for good. Returns whether it was in force. */
export async function revokeKey(pool: Pool, keyId: string, by: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const revoked = await revokeApiKey(client, keyId);
    if (revoked) await writeAudit(client, { tenantId: null, actor: by, action: 'key.revoke', target: keyId });
    return revoked;
  });
}

/** Makes a sandbox of an organisation, or finds it. */
export async function createTenant(pool: Pool, orgId: string, sandboxName: string, by: string): Promise<Tenant> {
  return inTransaction(pool, async (client) => {
    const tenant = await ensureTenant(client, orgId, sandboxName);
    await writeAudit(client, { tenantId: null, actor: by, action: 'tenant.ensure', target: `${orgId}/${sandboxName}` });
    return tenant;
  });
}

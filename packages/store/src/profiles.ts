import type { JsonObject } from '@outrigger/core';
import { comparableEmail, uuidv7 } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

export type Identity = { namespace: string; value: string };

/** Identities are compared on this form: emails case-folded with a punycode domain, everything else as it is (spec 7.1). */
export function comparableIdentity(identity: Identity): string {
  return identity.namespace.toLowerCase() === 'email' ? comparableEmail(identity.value) : identity.value;
}

/** Attributes of the stored profiles behind identities of one tenant, in the order asked; undefined where unknown. */
export async function readProfiles(
  pool: Pool,
  tenantId: number,
  identities: Identity[],
): Promise<(JsonObject | undefined)[]> {
  if (identities.length === 0) return [];
  const { rows } = await pool.query<{ place: number; attributes: JsonObject }>(
    `SELECT w.place::int, p.attributes
     FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w(namespace, identity_value, place)
     JOIN profile_identities i ON i.tenant_id = $1 AND i.namespace = w.namespace AND i.identity_value = w.identity_value
     JOIN profiles p USING (profile_id)`,
    [tenantId, identities.map((identity) => identity.namespace), identities.map(comparableIdentity)],
  );
  const found = new Array<JsonObject | undefined>(identities.length).fill(undefined);
  for (const row of rows) found[row.place - 1] = row.attributes;
  return found;
}

/** Creates the profiles that do not exist yet, with nothing but their identity (spec 7.1). Concurrent calls make one. */
export async function ensureProfiles(pool: Pool, tenantId: number, identities: Identity[]): Promise<void> {
  if (identities.length === 0) return;
  const sorted = identities
    .map((identity) => ({ ...identity, comparable: comparableIdentity(identity) }))
    .sort((a, b) => (a.comparable < b.comparable ? -1 : 1));
  await pool.query(
    `WITH new_identity AS (
       INSERT INTO profile_identities (tenant_id, namespace, identity_value, raw_value, profile_id)
       SELECT $1, n.namespace, n.identity_value, n.raw_value, n.profile_id
       FROM unnest($2::text[], $3::text[], $4::text[], $5::uuid[]) AS n(namespace, identity_value, raw_value, profile_id)
       ON CONFLICT DO NOTHING RETURNING profile_id)
     INSERT INTO profiles (profile_id, tenant_id) SELECT profile_id, $1 FROM new_identity`,
    [
      tenantId,
      sorted.map((identity) => identity.namespace),
      sorted.map((identity) => identity.comparable),
      sorted.map((identity) => identity.value),
      sorted.map(() => uuidv7()),
    ],
  );
}

/** Creates or replaces one profile with its identities; an identity that belongs to another profile moves here. */
export async function putProfile(
  pool: Pool,
  tenantId: number,
  identities: Identity[],
  attributes: JsonObject,
): Promise<string> {
  return inTransaction(pool, async (client) => {
    const values = identities.map(comparableIdentity);
    const namespaces = identities.map((identity) => identity.namespace);
    const known = await client.query<{ profile_id: string }>(
      `SELECT i.profile_id FROM unnest($2::text[], $3::text[]) AS w(namespace, identity_value)
       JOIN profile_identities i ON i.tenant_id = $1 AND i.namespace = w.namespace AND i.identity_value = w.identity_value
       ORDER BY i.profile_id LIMIT 1`,
      [tenantId, namespaces, values],
    );
    const profileId = known.rows[0]?.profile_id ?? uuidv7();
    await client.query(
      `INSERT INTO profiles (profile_id, tenant_id, attributes) VALUES ($1, $2, $3)
       ON CONFLICT (profile_id) DO UPDATE SET attributes = excluded.attributes, modified_at = now()`,
      [profileId, tenantId, attributes],
    );
    await client.query(
      `INSERT INTO profile_identities (tenant_id, namespace, identity_value, raw_value, profile_id)
       SELECT $1, namespace, identity_value, raw_value, $5
       FROM unnest($2::text[], $3::text[], $4::text[]) AS n(namespace, identity_value, raw_value)
       ORDER BY namespace, identity_value
       ON CONFLICT (tenant_id, namespace, identity_value) DO UPDATE SET profile_id = excluded.profile_id`,
      [tenantId, namespaces, values, identities.map((identity) => identity.value), profileId],
    );
    return profileId;
  });
}

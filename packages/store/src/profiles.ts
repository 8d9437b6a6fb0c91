import type { Consents, JsonObject, PushToken } from '@outrigger/core';
import { comparableIdentifier, uuidv7 } from '@outrigger/core';
import { inTransaction, type Pool } from './pool.ts';

export type Identity = { namespace: string; value: string };

/** Identities are compared on this form: emails folded, phone numbers in E.164 form, everything else as it is (spec 7.1). */
export function comparableIdentity(identity: Identity): string {
  return comparableIdentifier(identity.namespace, identity.value);
}

/** Namespaces are compared without case. */
export function comparableNamespace(identity: Identity): string {
  return identity.namespace.toLowerCase();
}

/** What is stored of one person. */
export type Profile = {
  profileId: string;
  identities: Identity[];
  attributes: JsonObject;
  consents: Consents;
  timeZone: string | null;
  language: string | null;
  pushTokens: PushToken[];
  createdAt: Date;
  modifiedAt: Date;
};

/** A profile as delivery needs it: the document that content and addressing see, and the consents that the gate asks. */
export type StoredProfile = { profileId: string; document: JsonObject; consents: Consents };

type FactRow = {
  place: number;
  profile_id: string;
  attributes: JsonObject;
  consents: Consents;
  push_tokens: PushToken[];
  time_zone: string | null;
  language: string | null;
};

/** The stored profiles behind identities of one tenant, in the order asked; undefined where unknown. */
export async function readProfiles(
  pool: Pick<Pool, 'query'>,
  tenantId: number,
  identities: Identity[],
): Promise<(StoredProfile | undefined)[]> {
  return readProfilesOf(
    pool,
    identities.map((identity) => ({ tenantId, identity })),
  );
}

/** An identity of a tenant. */
export type AskedIdentity = { tenantId: number; identity: Identity };

/** As `readProfiles`, of any tenants. */
export async function readProfilesOf(
  pool: Pick<Pool, 'query'>,
  asked: AskedIdentity[],
): Promise<(StoredProfile | undefined)[]> {
  if (asked.length === 0) return [];
  const { rows } = await pool.query<FactRow>({
    name: 'read-profiles',
    text: `SELECT w.place::int, p.profile_id, p.attributes, p.consents, p.push_tokens, p.time_zone, p.language
     FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS w(tenant_id, namespace, identity_value, place)
     JOIN profile_identities i ON i.tenant_id = w.tenant_id AND i.namespace = w.namespace AND i.identity_value = w.identity_value
     JOIN profiles p USING (profile_id)`,
    values: columnsOf(asked),
  });
  const found = new Array<StoredProfile | undefined>(asked.length).fill(undefined);
  for (const row of rows) {
    found[row.place - 1] = { profileId: row.profile_id, document: documentOf(row), consents: row.consents };
  }
  return found;
}

/** Whether there is a profile behind each identity, in the order asked. */
export async function knowProfiles(pool: Pick<Pool, 'query'>, asked: AskedIdentity[]): Promise<boolean[]> {
  const { rows } = await pool.query<{ known: boolean[] }>({
    name: 'know-profiles',
    // A look-up each, whatever the planner believes about the number asked.
    text: `SELECT array_agg(EXISTS (SELECT FROM profile_identities i WHERE i.tenant_id = w.tenant_id
                           AND i.namespace = w.namespace AND i.identity_value = w.identity_value OFFSET 0) ORDER BY w.place) AS known
           FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS w(tenant_id, namespace, identity_value, place)`,
    values: columnsOf(asked),
  });
  return rows[0]!.known;
}

function columnsOf(asked: AskedIdentity[]) {
  return [
    asked.map(({ tenantId }) => tenantId),
    asked.map(({ identity }) => comparableNamespace(identity)),
    asked.map(({ identity }) => comparableIdentity(identity)),
  ];
}

/** What a profile looks like from content (`profile.…`) and to the fields of address resolution. */
function documentOf(row: Omit<FactRow, 'place' | 'profile_id'>): JsonObject {
  return {
    ...row.attributes,
    consents: row.consents as JsonObject,
    ...(row.time_zone !== null && { timeZone: row.time_zone }),
    ...(row.language !== null && { language: row.language }),
    ...(row.push_tokens.length > 0 && { pushNotificationDetails: row.push_tokens }),
  };
}

/** Creates the profiles that do not exist yet, with nothing but their identity (spec 7.1). Concurrent calls make one. */
export async function ensureProfiles(
  pool: Pick<Pool, 'query'>,
  tenantId: number,
  identities: Identity[],
): Promise<void> {
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
      sorted.map(comparableNamespace),
      sorted.map((identity) => identity.comparable),
      sorted.map((identity) => identity.value),
      sorted.map(() => uuidv7()),
    ],
  );
}

const PROFILE = `SELECT p.profile_id AS "profileId", p.attributes, p.consents, p.time_zone AS "timeZone", p.language,
  p.push_tokens AS "pushTokens", p.created_at AS "createdAt", p.modified_at AS "modifiedAt",
  (SELECT coalesce(json_agg(json_build_object('namespace', i.namespace, 'value', i.raw_value) ORDER BY i.namespace, i.identity_value), '[]')
   FROM profile_identities i WHERE i.profile_id = p.profile_id) AS identities
  FROM profiles p`;

export async function readProfile(pool: Pool, tenantId: number, profileId: string): Promise<Profile | undefined> {
  const { rows } = await pool.query<Profile>(`${PROFILE} WHERE p.tenant_id = $1 AND p.profile_id = $2`, [
    tenantId,
    profileId,
  ]);
  return rows[0];
}

/** The profile that an identity belongs to, or undefined. */
export async function findProfile(pool: Pool, tenantId: number, identity: Identity): Promise<Profile | undefined> {
  const { rows } = await pool.query<Profile>(
    `${PROFILE} WHERE p.profile_id = (SELECT i.profile_id FROM profile_identities i
       WHERE i.tenant_id = $1 AND i.namespace = $2 AND i.identity_value = $3)`,
    [tenantId, comparableNamespace(identity), comparableIdentity(identity)],
  );
  return rows[0];
}

/** A page of a tenant's profiles in the order of their creation, after the profile `after`. */
export async function listProfiles(
  pool: Pool,
  tenantId: number,
  page: { limit: number; after?: string },
): Promise<Profile[]> {
  const { rows } = await pool.query<Profile>(
    `${PROFILE} WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.profile_id > $2) ORDER BY p.profile_id LIMIT $3`,
    [tenantId, page.after ?? null, page.limit],
  );
  return rows;
}

/**
 * Erases a person: the profile, all of its identities and its places in audiences. What is queued for it then finds no
 * profile and is excluded. Returns whether there was such a profile.
 */
export async function deleteProfile(pool: Pool, tenantId: number, profileId: string): Promise<boolean> {
  const { rowCount } = await pool.query('DELETE FROM profiles WHERE tenant_id = $1 AND profile_id = $2', [
    tenantId,
    profileId,
  ]);
  return rowCount === 1;
}

/** Takes an identity from its profile; the last one stays, since nothing could find the profile without it. */
export async function deleteIdentity(
  pool: Pool,
  tenantId: number,
  identity: Identity,
): Promise<'deleted' | 'last' | 'unknown'> {
  const values = [tenantId, comparableNamespace(identity), comparableIdentity(identity)];
  return inTransaction(pool, async (client) => {
    // The profile is locked, or two deletions at once could each count the identity that the other one takes.
    const { rows } = await client.query<{ profile_id: string }>(
      `SELECT p.profile_id FROM profiles p JOIN profile_identities i USING (profile_id)
       WHERE i.tenant_id = $1 AND i.namespace = $2 AND i.identity_value = $3 FOR UPDATE OF p`,
      values,
    );
    if (!rows[0]) return 'unknown';
    const { rowCount } = await client.query(
      `DELETE FROM profile_identities WHERE tenant_id = $1 AND namespace = $2 AND identity_value = $3
         AND (SELECT count(*) FROM profile_identities WHERE profile_id = $4) > 1`,
      [...values, rows[0].profile_id],
    );
    return rowCount === 1 ? 'deleted' : 'last';
  });
}

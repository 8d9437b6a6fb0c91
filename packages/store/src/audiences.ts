import { ACTIVE_STATUSES, type AudienceRule, uuidv7 } from '@outrigger/core';
import type pg from 'pg';
import { ruleCondition } from './audience-rule.ts';
import { inTransaction, type Pool } from './pool.ts';
import { comparableIdentity, comparableNamespace, type Identity } from './profiles.ts';
import { isTaken } from './sql-errors.ts';

/** A stored group of profiles: a list with members, or everybody who fits a rule. */
export type Audience = {
  audienceId: string;
  tenantId: number;
  name: string;
  description: string;
  kind: 'list' | 'rule';
  rule: AudienceRule | null;
  createdBy: string;
  createdAt: Date;
  modifiedAt: Date;
};

const COLUMNS = `audience_id AS "audienceId", tenant_id AS "tenantId", name, description, kind, rule, created_by AS "createdBy",
  created_at AS "createdAt", modified_at AS "modifiedAt"`;

type Change = Pick<Audience, 'name' | 'description' | 'rule'>;

/** Creates an audience, or returns undefined when the tenant has one of that name. */
export async function insertAudience(
  pool: Pool,
  tenantId: number,
  audience: Change & { by: string },
): Promise<Audience | undefined> {
  const { rows } = await pool.query<Audience>(
    `INSERT INTO audiences (audience_id, tenant_id, name, description, kind, rule, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, name) DO NOTHING RETURNING ${COLUMNS}`,
    [
      uuidv7(),
      tenantId,
      audience.name,
      audience.description,
      audience.rule === null ? 'list' : 'rule',
      audience.rule,
      audience.by,
    ],
  );
  return rows[0];
}

/** Changes an audience. A list stays a list, and a rule a rule; the caller has checked that. */
export async function updateAudience(
  pool: Pool,
  audience: Audience,
  change: Change,
): Promise<Audience | 'name_taken' | undefined> {
  try {
    const { rows } = await pool.query<Audience>(
      `UPDATE audiences SET name = $3, description = $4, rule = $5, modified_at = now()
       WHERE tenant_id = $1 AND audience_id = $2 RETURNING ${COLUMNS}`,
      [audience.tenantId, audience.audienceId, change.name, change.description, change.rule],
    );
    return rows[0];
  } catch (error) {
    if (isTaken(error)) return 'name_taken';
    throw error;
  }
}

export async function readAudience(pool: Pool, tenantId: number, audienceId: string): Promise<Audience | undefined> {
  const { rows } = await pool.query<Audience>(
    `SELECT ${COLUMNS} FROM audiences WHERE tenant_id = $1 AND audience_id = $2`,
    [tenantId, audienceId],
  );
  return rows[0];
}

/** A page of a tenant's audiences in the order of their creation. */
export async function listAudiences(
  pool: Pool,
  tenantId: number,
  page: { limit: number; after?: string },
): Promise<Audience[]> {
  const { rows } = await pool.query<Audience>(
    `SELECT ${COLUMNS} FROM audiences WHERE tenant_id = $1 AND ($2::uuid IS NULL OR audience_id > $2)
     ORDER BY audience_id LIMIT $3`,
    [tenantId, page.after ?? null, page.limit],
  );
  return rows;
}

/** What a campaign finds where it names an audience: `empty` is a list without members, which may still come. */
export type AudienceStanding = 'unknown' | 'empty' | 'there';

export async function readAudienceStanding(
  pool: Pool,
  tenantId: number,
  audienceId: string,
): Promise<AudienceStanding> {
  const { rows } = await pool.query<{ empty: boolean }>(
    `SELECT a.kind = 'list' AND NOT EXISTS (SELECT FROM audience_members m WHERE m.audience_id = a.audience_id) AS empty
     FROM audiences a WHERE a.tenant_id = $1 AND a.audience_id = $2`,
    [tenantId, audienceId],
  );
  if (!rows[0]) return 'unknown';
  return rows[0].empty ? 'empty' : 'there';
}

/**
 * Deletes an audience, unless a campaign that can be triggered or an execution under way needs it. The row is locked first, as
 * activation does: a campaign that is being activated with it is seen by the second statement.
 */
export async function deleteAudience(
  pool: Pool,
  tenantId: number,
  audienceId: string,
): Promise<'deleted' | 'in_use' | 'unknown'> {
  return inTransaction(pool, async (client) => {
    const locked = await client.query('SELECT FROM audiences WHERE tenant_id = $1 AND audience_id = $2 FOR UPDATE', [
      tenantId,
      audienceId,
    ]);
    if (locked.rowCount === 0) return 'unknown';
    const { rowCount } = await client.query(
      `DELETE FROM audiences WHERE tenant_id = $1 AND audience_id = $2 AND NOT EXISTS (
         SELECT FROM campaigns k JOIN campaign_versions v ON v.version_id = k.live_version_id
         WHERE k.tenant_id = $1 AND k.status = ANY ($3) AND v.definition->>'audience_id' = $2::uuid::text)
       AND NOT EXISTS (SELECT FROM audience_executions WHERE audience_id = $2 AND status IN ('scheduled', 'running'))`,
      [tenantId, audienceId, ACTIVE_STATUSES],
    );
    return rowCount === 1 ? 'deleted' : 'in_use';
  });
}

/** Whom to look at: a stored audience, or a rule that is not stored yet. */
export type AudienceChoice = { rule: AudienceRule | null; audienceId?: string };

/** The profiles of an audience as rows `p` with their id. The tenant is $1; more is added to `values`. */
function profilesOf(audience: AudienceChoice, values: unknown[]): string {
  return audience.rule === null
    ? `audience_members p JOIN audiences a USING (audience_id) WHERE a.tenant_id = $1 AND a.audience_id = $${values.push(audience.audienceId)}`
    : `profiles p WHERE p.tenant_id = $1 AND ${ruleCondition(audience.rule, values)}`;
}

/** How many profiles an audience has now. Reads all of them. */
export async function countAudience(pool: Pool, tenantId: number, audience: AudienceChoice): Promise<number> {
  const values: unknown[] = [tenantId];
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM ${profilesOf(audience, values)}`,
    values,
  );
  return rows[0]!.n;
}

/** Ids of a page of members, in the order of profile ids. */
export async function listMembers(
  pool: Pool,
  tenantId: number,
  audience: AudienceChoice,
  page: { limit: number; after?: string },
): Promise<string[]> {
  const values: unknown[] = [tenantId, page.after ?? null, page.limit];
  const { rows } = await pool.query<{ profile_id: string }>(
    `SELECT p.profile_id FROM ${profilesOf(audience, values)} AND ($2::uuid IS NULL OR p.profile_id > $2)
     ORDER BY p.profile_id LIMIT $3`,
    values,
  );
  return rows.map((row) => row.profile_id);
}

const PROFILES_OF = `SELECT DISTINCT i.profile_id FROM unnest($3::text[], $4::text[]) AS w(namespace, identity_value)
  JOIN profile_identities i ON i.tenant_id = $2 AND i.namespace = w.namespace AND i.identity_value = w.identity_value`;

function memberValues(audience: Pick<Audience, 'audienceId' | 'tenantId'>, identities: Identity[]): unknown[] {
  const { audienceId, tenantId } = audience;
  return [audienceId, tenantId, identities.map(comparableNamespace), identities.map(comparableIdentity)];
}

/** Adds the profiles behind identities to a list. Returns how many were not members before. */
export async function addMembers(
  pool: Pick<Pool, 'query'>,
  audience: Pick<Audience, 'audienceId' | 'tenantId'>,
  identities: Identity[],
): Promise<number> {
  const { rowCount } = await pool.query(
    `INSERT INTO audience_members (audience_id, profile_id)
     SELECT $1, profile_id FROM (${PROFILES_OF}) p ORDER BY profile_id ON CONFLICT DO NOTHING`,
    memberValues(audience, identities),
  );
  return rowCount ?? 0;
}

/** Adds profiles to a list by their id. */
export async function addProfiles(client: pg.PoolClient, audienceId: string, profileIds: string[]): Promise<void> {
  await client.query({
    name: 'add-members',
    text: `INSERT INTO audience_members (audience_id, profile_id)
     SELECT DISTINCT $1::uuid, profile_id FROM unnest($2::uuid[]) AS n(profile_id) ORDER BY 2 ON CONFLICT DO NOTHING`,
    values: [audienceId, profileIds],
  });
}

/** Takes the profiles behind identities from a list. Returns how many were members. */
export async function removeMembers(
  pool: Pool,
  audience: Pick<Audience, 'audienceId' | 'tenantId'>,
  identities: Identity[],
): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM audience_members WHERE audience_id = $1 AND profile_id IN (${PROFILES_OF})`,
    memberValues(audience, identities),
  );
  return rowCount ?? 0;
}

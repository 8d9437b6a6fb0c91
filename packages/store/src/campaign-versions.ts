import { ACTIVE_STATUSES, CAMPAIGN_TRANSITIONS, type CampaignTransition, campaignsFrom, uuidv7 } from '@outrigger/core';
import type pg from 'pg';
import { CAMPAIGN_COLUMNS, type Campaign } from './campaigns.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

/**
 * An immutable version: what the author wrote, what activation decided, the compiled content and the settings it froze. A
 * changed configuration or fragment makes a new version of the same authored text; messages keep the version they have.
 */
export type CampaignVersion = {
  versionId: string;
  campaignId: string;
  tenantId: number;
  number: number;
  definition: Record<string, unknown>;
  /** Null in versions of before it was kept. */
  authored: Record<string, unknown> | null;
  compiled: Record<string, unknown>;
  settings: Record<string, unknown>;
  /** `proof`: a test of a draft; `reply`: an answer to a keyword. Both are numbered below zero, and no part of a history. */
  cause: 'activation' | 'configuration' | 'fragment' | 'proof' | 'reply';
  configurationId: string | null;
  configurationRevision: number;
  /** Fragment id to the revision that was compiled in. */
  fragments: Record<string, number>;
  activatedAt: Date;
  activatedBy: string;
};

/** Everything of a version that activation makes. */
export type NewVersion = Pick<
  CampaignVersion,
  'definition' | 'authored' | 'compiled' | 'settings' | 'configurationId' | 'configurationRevision' | 'fragments'
>;

const VERSION_COLUMNS = `version_id AS "versionId", campaign_id AS "campaignId", tenant_id AS "tenantId", number, definition,
  authored, compiled, settings, cause, configuration_id AS "configurationId",
  configuration_revision AS "configurationRevision", fragments, activated_at AS "activatedAt", activated_by AS "activatedBy"`;

export async function readVersion(pool: Pool, versionId: string): Promise<CampaignVersion | undefined> {
  const { rows } = await pool.query<CampaignVersion>(
    `SELECT ${VERSION_COLUMNS} FROM campaign_versions WHERE version_id = $1`,
    [versionId],
  );
  return rows[0];
}

/** A page of a campaign's versions, newest first, with the number of all. */
export async function listVersions(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  page: { limit: number; offset: number },
): Promise<{ versions: CampaignVersion[]; totalCount: number }> {
  const values = [tenantId, campaignId];
  const [versions, total] = await Promise.all([
    pool.query<CampaignVersion>(
      `SELECT ${VERSION_COLUMNS} FROM campaign_versions WHERE tenant_id = $1 AND campaign_id = $2 AND number > 0
       ORDER BY number DESC LIMIT $3 OFFSET $4`,
      [...values, page.limit, page.offset],
    ),
    pool.query<{ total: number }>(
      'SELECT count(*)::int AS total FROM campaign_versions WHERE tenant_id = $1 AND campaign_id = $2 AND number > 0',
      values,
    ),
  ]);
  return { versions: versions.rows, totalCount: total.rows[0]!.total };
}

/** The authored definitions behind version ids, by id. */
export async function readAuthored(pool: Pool, versionIds: string[]): Promise<Map<string, Record<string, unknown>>> {
  if (versionIds.length === 0) return new Map();
  const { rows } = await pool.query<{ version_id: string; authored: Record<string, unknown> }>(
    'SELECT version_id, authored FROM campaign_versions WHERE version_id = ANY($1) AND authored IS NOT NULL',
    [versionIds],
  );
  return new Map(rows.map((row) => [row.version_id, row.authored]));
}

export type Activated = { campaign: Campaign } | { obstacle: 'changed' | 'configuration' | 'audience' };

/**
 * Freezes the draft as the next version and makes it live (or scheduled), along `transition`. The draft must still be the one
 * that was validated (`draftVersionId`), the configuration must still be active, and the audience still there: both are locked
 * against a deactivation or deletion that runs at the same time.
 */
export async function activateDraft(
  pool: Pool,
  campaign: Pick<Campaign, 'tenantId' | 'campaignId' | 'draftVersionId'>,
  transition: CampaignTransition,
  version: NewVersion,
  by: string,
): Promise<Activated> {
  return inTransaction(pool, async (client) => {
    const configuration = await client.query(
      `SELECT FROM channel_configurations
       WHERE configuration_id = $1 AND tenant_id = $2 AND status = 'Active' FOR SHARE`,
      [version.configurationId, campaign.tenantId],
    );
    if (configuration.rowCount === 0) return { obstacle: 'configuration' } as const;
    const audienceId = version.definition.audience_id;
    if (typeof audienceId === 'string') {
      const audience = await client.query('SELECT FROM audiences WHERE tenant_id = $1 AND audience_id = $2 FOR SHARE', [
        campaign.tenantId,
        audienceId,
      ]);
      if (audience.rowCount === 0) return { obstacle: 'audience' } as const;
    }
    const { rows } = await client.query<Campaign>(
      `UPDATE campaigns SET status = $4, live_version_id = draft_version_id, draft = NULL, draft_version_id = NULL,
         published_at = now(), first_published_at = coalesce(first_published_at, now()), modified_at = now(),
         modified_by = $5, review_requested_by = NULL, review_message = NULL, refresh_failed_at = NULL,
         refresh_failure = NULL
       WHERE tenant_id = $1 AND campaign_id = $2 AND draft_version_id = $3 AND status = ANY($6)
       RETURNING ${CAMPAIGN_COLUMNS}`,
      [
        campaign.tenantId,
        campaign.campaignId,
        campaign.draftVersionId,
        CAMPAIGN_TRANSITIONS[transition].to,
        by,
        campaignsFrom(transition),
      ],
    );
    const activated = rows[0];
    if (!activated) return { obstacle: 'changed' } as const;
    await insertVersion(client, activated.liveVersionId!, campaign, version, 'activation', by);
    return { campaign: activated };
  });
}

/**
 * Puts a version that was made again in the place of the live one (`replaces`); false when that is not the live one any more.
 * Calls from now on get the new version, messages on their way keep theirs.
 */
export async function refreshVersion(
  pool: Pool,
  campaign: Pick<Campaign, 'tenantId' | 'campaignId'>,
  replaces: string,
  version: NewVersion,
  cause: 'configuration' | 'fragment',
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const versionId = uuidv7();
    const { rowCount } = await client.query(
      `UPDATE campaigns SET live_version_id = $4, refresh_failed_at = NULL, refresh_failure = NULL
       WHERE tenant_id = $1 AND campaign_id = $2 AND live_version_id = $3 AND status = ANY($5)`,
      [campaign.tenantId, campaign.campaignId, replaces, versionId, ACTIVE_STATUSES],
    );
    if (rowCount === 0) return false;
    await insertVersion(client, versionId, campaign, version, cause, 'system');
    return true;
  });
}

/** Writes a version under the next number; the caller holds the campaign's row. */
export async function insertVersion(
  client: pg.PoolClient,
  versionId: string,
  campaign: Pick<Campaign, 'tenantId' | 'campaignId'>,
  version: NewVersion,
  cause: CampaignVersion['cause'],
  by: string,
): Promise<void> {
  await client.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, authored, compiled, settings,
       cause, configuration_id, configuration_revision, fragments, activated_by)
     SELECT $1, $2, $3,
       CASE $8 WHEN 'proof' THEN least(min(number), 0) - 1 ELSE greatest(max(number), 0) + 1 END, $4, $5, $6, $7, $8, $9, $10, $11, $12
     FROM campaign_versions WHERE campaign_id = $2`,
    [
      versionId,
      campaign.campaignId,
      campaign.tenantId,
      version.definition,
      version.authored,
      version.compiled,
      version.settings,
      cause,
      version.configurationId,
      version.configurationRevision,
      version.fragments,
      by,
    ],
  );
}

export type StaleCampaign = {
  tenantId: number;
  campaignId: string;
  liveVersionId: string;
  cause: 'configuration' | 'fragment';
};

/**
 * Active campaigns whose version was made from a configuration or fragment that has a newer revision in force. One that
 * could not be made again is not tried twice on the same revisions.
 */
export async function listStaleCampaigns(pool: Pool, limit: number): Promise<StaleCampaign[]> {
  const { rows } = await pool.query<StaleCampaign>(
    `SELECT c.tenant_id AS "tenantId", c.campaign_id AS "campaignId", c.live_version_id AS "liveVersionId",
            CASE WHEN f.newest IS NULL THEN 'configuration' ELSE 'fragment' END AS cause
     FROM campaigns c JOIN campaign_versions v ON v.version_id = c.live_version_id
     LEFT JOIN channel_configurations k ON k.configuration_id = v.configuration_id
       AND k.status = 'Active' AND k.revision > v.configuration_revision
     LEFT JOIN LATERAL (
       SELECT max(g.published_at) AS newest FROM jsonb_each_text(v.fragments) u
       JOIN fragments g ON g.fragment_id = u.key::uuid AND g.published_revision > u.value::int) f ON true
     WHERE c.status = ANY($1) AND v.authored IS NOT NULL
       AND (k.configuration_id IS NOT NULL OR f.newest IS NOT NULL)
       AND greatest(k.modified_at, f.newest) > coalesce(c.refresh_failed_at, '-infinity')
     ORDER BY c.campaign_id LIMIT $2`,
    [ACTIVE_STATUSES, limit],
  );
  return rows;
}

/** Remembers that a live version could not be made again, and why; the version before goes on serving. */
export async function recordRefreshFailure(pool: Pool, stale: StaleCampaign, failure: string): Promise<void> {
  await pool.query(
    `UPDATE campaigns SET refresh_failed_at = now(), refresh_failure = $3
     WHERE campaign_id = $1 AND live_version_id = $2 AND status = ANY($4)`,
    [stale.campaignId, stale.liveVersionId, failure.slice(0, 1_000), ACTIVE_STATUSES],
  );
}

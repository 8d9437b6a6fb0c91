import { uuidv7 } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

export type CampaignStatus = 'DRAFT' | 'SCHEDULED' | 'LIVE' | 'STOPPED' | 'COMPLETED' | 'ARCHIVED';
export type Campaign = {
  campaignId: string;
  tenantId: number;
  name: string;
  description: string;
  category: 'Marketing' | 'Transactional';
  highThroughput: boolean;
  status: CampaignStatus;
  /** The author's working copy; null while a live campaign has no draft beside it. */
  draft: Record<string, unknown> | null;
  draftVersionId: string | null;
  liveVersionId: string | null;
  createdAt: Date;
  createdBy: string;
  modifiedAt: Date;
  modifiedBy: string;
  publishedAt: Date | null;
  firstPublishedAt: Date | null;
};

/** An immutable version: the author's definition, what activation decided, the compiled content and the settings it froze. */
export type CampaignVersion = {
  versionId: string;
  campaignId: string;
  tenantId: number;
  number: number;
  definition: Record<string, unknown>;
  compiled: Record<string, unknown>;
  settings: Record<string, unknown>;
  activatedAt: Date;
};

const CAMPAIGN_COLUMNS = `campaign_id AS "campaignId", tenant_id AS "tenantId", name, description, category,
  high_throughput AS "highThroughput", status, draft, draft_version_id AS "draftVersionId",
  live_version_id AS "liveVersionId", created_at AS "createdAt", created_by AS "createdBy", modified_at AS "modifiedAt",
  modified_by AS "modifiedBy", published_at AS "publishedAt", first_published_at AS "firstPublishedAt"`;
const VERSION_COLUMNS = `version_id AS "versionId", campaign_id AS "campaignId", tenant_id AS "tenantId", number, definition,
  compiled, settings, activated_at AS "activatedAt"`;

type NewCampaign = Pick<Campaign, 'tenantId' | 'name' | 'description' | 'category' | 'highThroughput'> & {
  draft: Record<string, unknown>;
  by: string;
};

export async function insertCampaign(pool: Pool, campaign: NewCampaign): Promise<Campaign> {
  const { rows } = await pool.query<Campaign>(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, description, category, high_throughput, status, draft,
       draft_version_id, created_by, modified_by)
     VALUES ($1, $2, $3, $4, $5, $6, 'DRAFT', $7, $8, $9, $9) RETURNING ${CAMPAIGN_COLUMNS}`,
    [
      uuidv7(),
      campaign.tenantId,
      campaign.name,
      campaign.description,
      campaign.category,
      campaign.highThroughput,
      campaign.draft,
      uuidv7(),
      campaign.by,
    ],
  );
  return rows[0]!;
}

export async function readCampaign(pool: Pool, tenantId: number, campaignId: string): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `SELECT ${CAMPAIGN_COLUMNS} FROM campaigns WHERE tenant_id = $1 AND campaign_id = $2`,
    [tenantId, campaignId],
  );
  return rows[0];
}

/** A page of a tenant's campaigns, newest first, with the number of all that match. */
export async function listCampaigns(
  pool: Pool,
  tenantId: number,
  page: { statuses: CampaignStatus[]; nameContains?: string; limit: number; offset: number },
): Promise<{ campaigns: Campaign[]; totalCount: number }> {
  const like = page.nameContains === undefined ? null : `%${page.nameContains.replace(/[\\%_]/g, '\\$&')}%`;
  const { rows } = await pool.query<Campaign & { total: string }>(
    `SELECT ${CAMPAIGN_COLUMNS}, count(*) OVER () AS total FROM campaigns
     WHERE tenant_id = $1 AND status = ANY($2) AND ($3::text IS NULL OR name ILIKE $3)
     ORDER BY created_at DESC, campaign_id LIMIT $4 OFFSET $5`,
    [tenantId, page.statuses, like, page.limit, page.offset],
  );
  return {
    campaigns: rows.map(({ total: _total, ...campaign }) => campaign),
    totalCount: Number(rows[0]?.total ?? 0),
  };
}

/**
 * Writes the working copy. A draft campaign takes it as its definition; a live or scheduled one gets a draft beside the live
 * version, which goes on serving. Every save makes a new draft id. Returns undefined when the campaign is in a status that cannot be edited.
 */
export async function saveDraft(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  change: { name: string; description: string; draft: Record<string, unknown>; by: string },
): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `UPDATE campaigns SET name = $3, description = $4, draft = $5, draft_version_id = $6,
       modified_at = now(), modified_by = $7
     WHERE tenant_id = $1 AND campaign_id = $2 AND status IN ('DRAFT', 'LIVE', 'SCHEDULED')
     RETURNING ${CAMPAIGN_COLUMNS}`,
    [tenantId, campaignId, change.name, change.description, change.draft, uuidv7(), change.by],
  );
  return rows[0];
}

/**
 * Freezes the draft as the next version and makes it live (or scheduled). The draft must still be the one that was
 * validated (`draftVersionId`); undefined when somebody changed or activated it meanwhile.
 */
export async function activateDraft(
  pool: Pool,
  campaign: Pick<Campaign, 'tenantId' | 'campaignId' | 'draftVersionId'>,
  version: Pick<CampaignVersion, 'definition' | 'compiled' | 'settings'> & { status: 'LIVE' | 'SCHEDULED'; by: string },
): Promise<Campaign | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Campaign>(
      `UPDATE campaigns SET status = $4, live_version_id = draft_version_id, draft = NULL, draft_version_id = NULL,
         published_at = now(), first_published_at = coalesce(first_published_at, now()), modified_at = now(), modified_by = $5
       WHERE tenant_id = $1 AND campaign_id = $2 AND draft_version_id = $3
         AND status IN ('DRAFT', 'LIVE', 'SCHEDULED')
       RETURNING ${CAMPAIGN_COLUMNS}`,
      [campaign.tenantId, campaign.campaignId, campaign.draftVersionId, version.status, version.by],
    );
    const activated = rows[0];
    if (!activated) return undefined;
    await client.query(
      `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, compiled, settings, activated_by)
       SELECT $1, $2, $3, 1 + coalesce(max(number), 0), $4, $5, $6, $7 FROM campaign_versions WHERE campaign_id = $2`,
      [
        activated.liveVersionId,
        campaign.campaignId,
        campaign.tenantId,
        version.definition,
        version.compiled,
        version.settings,
        version.by,
      ],
    );
    return activated;
  });
}

/** Stops a live or scheduled campaign for good; undefined when it is neither. Claims from now on see it stopped. */
export async function stopCampaign(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  by: string,
): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `UPDATE campaigns SET status = 'STOPPED', modified_at = now(), modified_by = $3
     WHERE tenant_id = $1 AND campaign_id = $2 AND status IN ('LIVE', 'SCHEDULED') RETURNING ${CAMPAIGN_COLUMNS}`,
    [tenantId, campaignId, by],
  );
  return rows[0];
}

export async function readVersion(pool: Pool, versionId: string): Promise<CampaignVersion | undefined> {
  const { rows } = await pool.query<CampaignVersion>(
    `SELECT ${VERSION_COLUMNS} FROM campaign_versions WHERE version_id = $1`,
    [versionId],
  );
  return rows[0];
}

/** Every activated version of a campaign, newest first. */
export async function listVersions(
  pool: Pool,
  tenantId: number,
  campaignId: string,
): Promise<Omit<CampaignVersion, 'compiled'>[]> {
  const { rows } = await pool.query<CampaignVersion>(
    `SELECT ${VERSION_COLUMNS} FROM campaign_versions WHERE tenant_id = $1 AND campaign_id = $2 ORDER BY number DESC`,
    [tenantId, campaignId],
  );
  return rows;
}

/** Makes scheduled campaigns live once their start date has come, and completes those whose end date has passed (spec 5.2). */
export async function advanceCampaigns(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE campaigns c SET status = due.status, modified_at = now() FROM (
       SELECT k.campaign_id, CASE WHEN (v.definition->>'end_at')::timestamptz <= now() THEN 'COMPLETED' ELSE 'LIVE' END AS status
       FROM campaigns k JOIN campaign_versions v ON v.version_id = k.live_version_id
       WHERE k.status IN ('SCHEDULED', 'LIVE')
         AND ((v.definition->>'end_at')::timestamptz <= now()
           OR (k.status = 'SCHEDULED' AND coalesce((v.definition->>'start_at')::timestamptz, '-infinity') <= now()))) due
     WHERE c.campaign_id = due.campaign_id AND c.status IN ('SCHEDULED', 'LIVE')`,
  );
  return rowCount ?? 0;
}

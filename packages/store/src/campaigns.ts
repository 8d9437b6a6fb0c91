import {
  ACTIVE_STATUSES,
  ARCHIVE_DAYS,
  CAMPAIGN_TRANSITIONS,
  type CampaignStatus,
  type CampaignTransition,
  type Channel,
  campaignsFrom,
  EDITABLE_STATUSES,
  uuidv7,
} from '@outrigger/core';
import type { Pool } from './pool.ts';

export type Campaign = {
  campaignId: string;
  tenantId: number;
  name: string;
  description: string;
  category: 'Marketing' | 'Transactional';
  highThroughput: boolean;
  /** Of the working copy's channel action; null while it has none. */
  channel: Channel | null;
  tags: string[];
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
  completedAt: Date | null;
  reviewRequestedBy: string | null;
  reviewMessage: string | null;
  /** Why the live version could not take up a changed configuration or fragment; null when it did. */
  refreshFailure: string | null;
};

export const CAMPAIGN_COLUMNS = `campaign_id AS "campaignId", tenant_id AS "tenantId", name, description, category,
  high_throughput AS "highThroughput", channel, tags, status, draft, draft_version_id AS "draftVersionId",
  live_version_id AS "liveVersionId", created_at AS "createdAt", created_by AS "createdBy", modified_at AS "modifiedAt",
  modified_by AS "modifiedBy", published_at AS "publishedAt", first_published_at AS "firstPublishedAt",
  completed_at AS "completedAt", review_requested_by AS "reviewRequestedBy", review_message AS "reviewMessage",
  refresh_failure AS "refreshFailure"`;

type NewCampaign = Pick<
  Campaign,
  'tenantId' | 'name' | 'description' | 'category' | 'highThroughput' | 'channel' | 'tags'
> & { draft: Record<string, unknown>; by: string };

/** Transitions `create` and `duplicate`. */
export async function insertCampaign(pool: Pool, campaign: NewCampaign): Promise<Campaign> {
  const { rows } = await pool.query<Campaign>(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, description, category, high_throughput, channel, tags, status,
       draft, draft_version_id, created_by, modified_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING ${CAMPAIGN_COLUMNS}`,
    [
      uuidv7(),
      campaign.tenantId,
      campaign.name,
      campaign.description,
      campaign.category,
      campaign.highThroughput,
      campaign.channel,
      campaign.tags,
      CAMPAIGN_TRANSITIONS.create.to,
      campaign.draft,
      uuidv7(),
      campaign.by,
    ],
  );
  return rows[0]!;
}

/** A tenant's campaign; a deleted one is as unknown as none. */
export async function readCampaign(pool: Pool, tenantId: number, campaignId: string): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `SELECT ${CAMPAIGN_COLUMNS} FROM campaigns WHERE tenant_id = $1 AND campaign_id = $2 AND status <> 'DELETED'`,
    [tenantId, campaignId],
  );
  return rows[0];
}

type DraftChange = Pick<Campaign, 'name' | 'description' | 'channel' | 'tags'> & {
  draft: Record<string, unknown>;
  by: string;
};

/**
 * Writes the working copy. A draft campaign takes it as its definition; a live or scheduled one gets a draft beside the live
 * version, which goes on serving. Every save makes a new draft id. Returns undefined when the campaign is in a status that
 * cannot be edited.
 */
export async function saveDraft(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  change: DraftChange,
): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `UPDATE campaigns SET name = $3, description = $4, channel = $5, tags = $6, draft = $7, draft_version_id = $8,
       modified_at = now(), modified_by = $9
     WHERE tenant_id = $1 AND campaign_id = $2 AND status = ANY($10)
     RETURNING ${CAMPAIGN_COLUMNS}`,
    [
      tenantId,
      campaignId,
      change.name,
      change.description,
      change.channel,
      change.tags,
      change.draft,
      uuidv7(),
      change.by,
      EDITABLE_STATUSES,
    ],
  );
  return rows[0];
}

/** Throws the draft beside a live or scheduled version away; name and description become the live version's again. */
export async function discardDraft(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  change: Pick<DraftChange, 'name' | 'description' | 'channel' | 'by'>,
): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `UPDATE campaigns SET draft = NULL, draft_version_id = NULL, name = $3, description = $4, channel = $5,
       modified_at = now(), modified_by = $6
     WHERE tenant_id = $1 AND campaign_id = $2 AND status = ANY($7) AND draft IS NOT NULL
     RETURNING ${CAMPAIGN_COLUMNS}`,
    [tenantId, campaignId, change.name, change.description, change.channel, change.by, ACTIVE_STATUSES],
  );
  return rows[0];
}

/** Tags may change in every status and make no new version (spec 5.2). */
export async function setTags(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  tags: string[],
  by: string,
): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `UPDATE campaigns SET tags = $3, draft = CASE WHEN draft IS NULL THEN NULL ELSE draft || jsonb_build_object('tags', $3::text[]) END,
       modified_at = now(), modified_by = $4
     WHERE tenant_id = $1 AND campaign_id = $2 AND status <> 'DELETED' RETURNING ${CAMPAIGN_COLUMNS}`,
    [tenantId, campaignId, tags, by],
  );
  return rows[0];
}

/** Transitions that move the status and nothing else of the content. */
type Move = Extract<CampaignTransition, 'request_review' | 'cancel_review' | 'request_changes' | 'stop' | 'archive'>;

/**
 * Takes a campaign along a transition, or returns undefined when it is in no status that the transition starts from. A
 * stop is seen by every claim from now on.
 */
export async function moveCampaign(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  move: Move,
  by: string,
  reviewMessage: string | null = null,
): Promise<Campaign | undefined> {
  const { rows } = await pool.query<Campaign>(
    `UPDATE campaigns SET status = $3, modified_at = now(), modified_by = $4, review_requested_by = $5,
       review_message = coalesce($6, review_message)
     WHERE tenant_id = $1 AND campaign_id = $2 AND status = ANY($7)
       AND ($8 OR review_requested_by = $4) RETURNING ${CAMPAIGN_COLUMNS}`,
    [
      tenantId,
      campaignId,
      CAMPAIGN_TRANSITIONS[move].to,
      by,
      move === 'request_review' ? by : null,
      reviewMessage,
      campaignsFrom(move),
      // A request for review is taken back by the one who made it.
      move !== 'cancel_review',
    ],
  );
  return rows[0];
}

/** Stops a live or scheduled campaign for good; undefined when it is neither. */
export function stopCampaign(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  by: string,
): Promise<Campaign | undefined> {
  return moveCampaign(pool, tenantId, campaignId, 'stop', by);
}

/** Campaigns that were stopped within the last `sinceMs`. */
export async function readStoppedCampaigns(pool: Pool, sinceMs: number): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ campaign_id: string }>({
    name: 'stopped-campaigns',
    text: `SELECT campaign_id FROM campaigns WHERE status IN ('STOPPED', 'ARCHIVED')
           AND modified_at > now() - $1 * interval '1 millisecond'`,
    values: [sinceMs],
  });
  return new Set(rows.map((row) => row.campaign_id));
}

/** Deletes a campaign that was never live: nothing in the ledger can refer to it. False when it is no such draft. */
export async function deleteCampaign(pool: Pool, tenantId: number, campaignId: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    'DELETE FROM campaigns WHERE tenant_id = $1 AND campaign_id = $2 AND status = ANY($3) AND first_published_at IS NULL',
    [tenantId, campaignId, campaignsFrom('delete')],
  );
  return rowCount === 1;
}

/**
 * The transitions that time makes: scheduled campaigns start, campaigns whose end date has passed complete, and archived ones are
 * purged 30 days after their last change (spec 5.2). Returns how many campaigns moved.
 */
export async function advanceCampaigns(pool: Pool): Promise<number> {
  const advanced = await pool.query(
    `UPDATE campaigns c SET status = due.status, modified_at = now(),
       completed_at = CASE WHEN due.status = $3 THEN (due.end_at)::timestamptz ELSE c.completed_at END FROM (
       SELECT k.campaign_id, v.definition->>'end_at' AS end_at,
              CASE WHEN (v.definition->>'end_at')::timestamptz <= now() THEN $3 ELSE $4 END AS status
       FROM campaigns k JOIN campaign_versions v ON v.version_id = k.live_version_id
       WHERE (k.status = ANY($1) AND (v.definition->>'end_at')::timestamptz <= now())
          OR (k.status = ANY($2) AND coalesce((v.definition->>'start_at')::timestamptz, '-infinity') <= now())) due
     WHERE c.campaign_id = due.campaign_id AND c.status = ANY(CASE WHEN due.status = $3 THEN $1 ELSE $2 END::text[])`,
    [
      campaignsFrom('complete'),
      campaignsFrom('start'),
      CAMPAIGN_TRANSITIONS.complete.to,
      CAMPAIGN_TRANSITIONS.start.to,
    ],
  );
  // The row stays as a tombstone, because messages of the ledger refer to it; what the author wrote goes.
  const purged = await pool.query(
    `UPDATE campaigns SET status = $1, draft = NULL, draft_version_id = NULL, description = '', tags = '{}'
     WHERE status = ANY($2) AND modified_at < now() - $3 * interval '1 day'`,
    [CAMPAIGN_TRANSITIONS.purge.to, campaignsFrom('purge'), ARCHIVE_DAYS],
  );
  return (advanced.rowCount ?? 0) + (purged.rowCount ?? 0);
}

import type { VersionDefinition } from '@outrigger/contracts';
import { isUuid } from '@outrigger/core';
import { type Campaign, type Pool, readCampaign, readVersion } from '@outrigger/store';

export type LiveCampaign = { campaign: Campaign; versionId: string; definition: VersionDefinition };

/** A stop or a new version reaches the ingress within this; the claim reads the status again anyway. */
const FRESH_MS = 1_000;
const MAX_KEPT = 10_000;

/**
 * Campaigns as the ingress needs them, kept in memory for a second. What cannot be triggered is read from the ledger every
 * time, so that a campaign works in the moment it is activated.
 */
export function createCampaignDirectory(pool: Pool) {
  const kept = new Map<string, { at: number; found: Promise<Campaign | LiveCampaign | undefined> }>();

  async function read(tenantId: number, campaignId: string): Promise<Campaign | LiveCampaign | undefined> {
    const campaign = await readCampaign(pool, tenantId, campaignId);
    if (!campaign?.liveVersionId || (campaign.status !== 'LIVE' && campaign.status !== 'SCHEDULED')) {
      return campaign;
    }
    const version = await readVersion(pool, campaign.liveVersionId);
    return version && { campaign, versionId: version.versionId, definition: version.definition as VersionDefinition };
  }

  /** The tenant's campaign: with its live version, without one, or undefined when there is no such campaign. */
  return async function findCampaign(
    tenantId: number,
    campaignId: string,
  ): Promise<Campaign | LiveCampaign | undefined> {
    if (!isUuid(campaignId)) return undefined;
    const key = `${tenantId} ${campaignId}`;
    const entry = kept.get(key);
    if (entry && performance.now() - entry.at < FRESH_MS) return entry.found;
    const found = read(tenantId, campaignId);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, { at: performance.now(), found });
    const campaign = await found.catch((error: unknown) => {
      kept.delete(key);
      throw error;
    });
    if (!campaign || !('versionId' in campaign)) kept.delete(key);
    return campaign;
  };
}

export type FindCampaign = ReturnType<typeof createCampaignDirectory>;

import type { Campaign, CampaignVersion } from '@outrigger/store';

/** A campaign as the retrieval API shows it (spec 2.1): what the author defined, then what the system knows. */
export function campaignBody(campaign: Campaign, live?: Pick<CampaignVersion, 'number' | 'activatedAt'>) {
  return {
    campaignId: campaign.campaignId,
    ...campaign.draft,
    name: campaign.name,
    description: campaign.description,
    campaignType: 'ApiTriggered',
    category: campaign.category,
    highThroughputMode: campaign.highThroughput,
    status: campaign.status,
    draftVersionId: campaign.draftVersionId,
    liveVersionId: campaign.liveVersionId,
    ...(live && { liveVersionNumber: live.number }),
    actions: availableActions(campaign),
    createdAt: campaign.createdAt.toISOString(),
    createdBy: campaign.createdBy,
    modifiedAt: campaign.modifiedAt.toISOString(),
    modifiedBy: campaign.modifiedBy,
    publishedAt: campaign.publishedAt?.toISOString() ?? null,
    firstPublishedAt: campaign.firstPublishedAt?.toISOString() ?? null,
  };
}

function availableActions(campaign: Campaign) {
  const active = campaign.status === 'LIVE' || campaign.status === 'SCHEDULED';
  const allowed = {
    MODIFY: active || campaign.status === 'DRAFT',
    PUBLISH: campaign.draft !== null && (active || campaign.status === 'DRAFT'),
    STOP: active,
  };
  return Object.entries(allowed).map(([actionType, available]) => ({ actionType, available }));
}

import { CAMPAIGN_ACTIONS, type CampaignAction, isActionPossible } from '@outrigger/core';
import type { Caller } from '@outrigger/pipeline';
import type { Campaign, CampaignVersion } from '@outrigger/store';

/** A campaign as a list shows it: what it is and how it stands, without its content (spec 2.1). */
export function campaignSummary(campaign: Campaign) {
  const { draft, draftVersionId, liveVersionId } = campaign;
  return {
    campaignId: campaign.campaignId,
    name: campaign.name,
    description: campaign.description,
    campaignType: 'ApiTriggered',
    campaignClass: 'regular',
    category: campaign.category,
    highThroughputMode: campaign.highThroughput,
    channel: campaign.channel?.toUpperCase() ?? null,
    tags: campaign.tags,
    status: campaign.status,
    versionId: draftVersionId ?? liveVersionId,
    draftVersionId,
    liveVersionId,
    /** A draft beside the version that serves. */
    hasDraft: draft !== null && liveVersionId !== null,
    createdAt: campaign.createdAt.toISOString(),
    createdBy: campaign.createdBy,
    modifiedAt: campaign.modifiedAt.toISOString(),
    modifiedBy: campaign.modifiedBy,
    publishedAt: campaign.publishedAt?.toISOString() ?? null,
    firstPublishedAt: campaign.firstPublishedAt?.toISOString() ?? null,
    completedAt: campaign.completedAt?.toISOString() ?? null,
    ...(campaign.reviewRequestedBy !== null && { reviewRequestedBy: campaign.reviewRequestedBy }),
    ...(campaign.reviewMessage !== null && { reviewMessage: campaign.reviewMessage }),
    ...(campaign.refreshFailure !== null && { refreshFailure: campaign.refreshFailure }),
  };
}

/**
 * A campaign as the retrieval API shows it in full: what the author defined, then what the system knows. `authored` is the
 * live version's definition, shown while there is no working copy.
 */
export function campaignBody(campaign: Campaign, authored?: Record<string, unknown> | null) {
  return { ...(campaign.draft ?? authored), ...campaignSummary(campaign) };
}

/** What this caller may do with the campaign now (spec 5.2): it needs the scope `manage`, and the right status. */
export function availableActions(campaign: Campaign, caller: Caller) {
  const mayManage = caller.scopes.includes('manage');
  return (Object.keys(CAMPAIGN_ACTIONS) as CampaignAction[]).map((actionType) => ({
    actionType,
    actionName: ACTION_NAMES[actionType],
    available: mayManage && isActionPossible(actionType, campaign.status, campaign.draft !== null),
  }));
}

const ACTION_NAMES: Record<CampaignAction, string> = {
  MODIFY: 'Edit',
  CREATE_DRAFT: 'Make a draft beside the live version',
  DISCARD_DRAFT: 'Throw the draft away',
  PUBLISH: 'Activate',
  REQUEST_APPROVAL: 'Ask for a review',
  CANCEL_APPROVAL: 'Take the request for review back',
  REQUEST_CHANGES: 'Ask for changes',
  APPROVE: 'Approve and activate',
  STOP: 'Stop for good',
  DUPLICATE: 'Duplicate',
  ARCHIVE: 'Archive',
  DELETE: 'Delete',
  EDIT_TAGS: 'Edit the tags',
};

/** A version in the history. */
export function versionBody(version: CampaignVersion, campaign: Campaign) {
  return {
    versionId: version.versionId,
    number: version.number,
    live: version.versionId === campaign.liveVersionId,
    cause: version.cause,
    activatedAt: version.activatedAt.toISOString(),
    activatedBy: version.activatedBy,
    surfaceId: version.configurationId,
    surfaceRevision: version.configurationRevision,
    fragments: version.fragments,
    definition: version.authored ?? version.definition,
  };
}

/** Which attributes the live content reads (spec 2.1): what a caller has to send or store. */
export function attributesBody(version: CampaignVersion | undefined) {
  const variables = (version?.compiled.variables ?? []) as string[];
  const under = (root: string) =>
    variables
      .filter((path) => path.startsWith(root) && !/^[\w-]/.test(path.slice(root.length)))
      .map((path) => ({ name: path, usage: ['content.personalization'] }));
  return { profile: under('profile'), context: under('context') };
}

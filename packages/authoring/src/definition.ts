import { type CampaignDefinition, type ChannelPackage, campaignDefinition } from '@outrigger/contracts';
import { type Channel, uuidv7 } from '@outrigger/core';
import type { Campaign } from '@outrigger/store';

/** The enabled channel action; a campaign has one at most. */
export function actionOf(definition: CampaignDefinition): ChannelPackage | undefined {
  return definition.packages.find((action) => action.enabled);
}

export function channelOf(definition: CampaignDefinition): Channel | null {
  return (actionOf(definition)?.channel.toLowerCase() as Channel | undefined) ?? null;
}

/** The definition as it is stored: every package has an id, which later saves of the same package keep. */
export function withPackageIds(definition: CampaignDefinition, before?: CampaignDefinition): CampaignDefinition {
  const known = before?.packages ?? [];
  return {
    ...definition,
    packages: definition.packages.map((action, index) => ({
      ...action,
      packageId: action.packageId ?? known[index]?.packageId ?? uuidv7(),
    })),
  };
}

/** The working copy, or undefined while there is none. */
export function draftOf(campaign: Campaign): CampaignDefinition | undefined {
  return campaign.draft ? campaignDefinition.parse(campaign.draft) : undefined;
}

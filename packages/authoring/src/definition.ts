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

/** The definition as it is stored: every package and treatment has an id, which later saves of the same one keep. */
export function withPackageIds(definition: CampaignDefinition, before?: CampaignDefinition): CampaignDefinition {
  const known = before?.packages ?? [];
  return {
    ...definition,
    packages: definition.packages.map((action, index) => ({
      ...withTreatmentIds(action, known[index]),
      packageId: action.packageId ?? known[index]?.packageId ?? uuidv7(),
    })),
  };
}

function withTreatmentIds(action: ChannelPackage, before: ChannelPackage | undefined): ChannelPackage {
  if (!action.experiment) return action;
  const known = before?.experiment?.treatments ?? [];
  const treatments = action.experiment.treatments.map((treatment) => ({
    ...treatment,
    treatmentId: treatment.treatmentId ?? known.find(({ name }) => name === treatment.name)?.treatmentId ?? uuidv7(),
  }));
  return { ...action, experiment: { treatments } } as ChannelPackage;
}

/** An action as another campaign takes it over: with ids of its own. */
export function withoutIds({ packageId: _theirs, ...action }: ChannelPackage): ChannelPackage {
  if (!action.experiment) return action;
  const treatments = action.experiment.treatments.map(({ treatmentId: _theirs, ...treatment }) => treatment);
  return { ...action, experiment: { treatments } } as ChannelPackage;
}

/** The working copy, or undefined while there is none. */
export function draftOf(campaign: Campaign): CampaignDefinition | undefined {
  return campaign.draft ? campaignDefinition.parse(campaign.draft) : undefined;
}

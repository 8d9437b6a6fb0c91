import { type CampaignDefinition, campaignDefinition, type VersionDefinition } from '@outrigger/contracts';
import { CHANNEL_RETRY, type Channel, type UnknownPolicy } from '@outrigger/core';
import {
  activateDraft,
  type Campaign,
  type ChannelConfiguration,
  type Pool,
  readCampaign,
  readConfiguration,
} from '@outrigger/store';
import { type Finding, type Validation, validateDraft } from './validate.ts';

/** How long a message may wait to be handed over when the campaign does not say (spec 3.2: 84 hours for email). */
const DEFAULT_DEADLINE_MINUTES = 84 * 60;

export type Activation =
  | { kind: 'activated'; campaign: Campaign; findings: Finding[] }
  | { kind: 'invalid'; findings: Finding[] }
  | { kind: 'not_found' }
  | { kind: 'no_draft'; status: Campaign['status'] }
  | { kind: 'changed' };

/** What activation would say of the draft now, or undefined when there is no draft. */
export async function validateCampaign(pool: Pool, campaign: Campaign): Promise<Validation | undefined> {
  const draft = draftOf(campaign);
  return draft && validateDraft(draft, await configurationOf(pool, campaign.tenantId, draft), Date.now());
}

/**
 * Activates a draft: validates, compiles, freezes an immutable version and makes it live (or scheduled when a start date
 * lies ahead). A live campaign with a draft gets the new version; work in flight keeps the old one.
 */
export async function activateCampaign(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  by: string,
): Promise<Activation> {
  const campaign = await readCampaign(pool, tenantId, campaignId);
  if (!campaign) return { kind: 'not_found' };
  const draft = draftOf(campaign);
  if (!draft) return { kind: 'no_draft', status: campaign.status };
  const configuration = await configurationOf(pool, tenantId, draft);
  const { findings, compiled } = await validateDraft(draft, configuration, Date.now());
  if (!compiled || !configuration || findings.some((finding) => finding.level === 'ERROR')) {
    return { kind: 'invalid', findings };
  }
  const definition = versionDefinition(campaign.campaignId, draft, configuration.channel);
  const ahead = definition.start_at !== null && Date.parse(definition.start_at) > Date.now();
  const activated = await activateDraft(pool, campaign, {
    definition: definition as unknown as Record<string, unknown>,
    compiled: compiled as unknown as Record<string, unknown>,
    settings: configuration.settings,
    status: ahead ? 'SCHEDULED' : 'LIVE',
    by,
  });
  return activated ? { kind: 'activated', campaign: activated, findings } : { kind: 'changed' };
}

function draftOf(campaign: Campaign): CampaignDefinition | undefined {
  return campaign.draft ? campaignDefinition.parse(campaign.draft) : undefined;
}

async function configurationOf(
  pool: Pool,
  tenantId: number,
  draft: CampaignDefinition,
): Promise<ChannelConfiguration | undefined> {
  const surfaceId = draft.packages.find((action) => action.enabled)?.attributes.surface.surfaceId;
  return surfaceId === undefined ? undefined : readConfiguration(pool, tenantId, surfaceId);
}

function versionDefinition(campaignId: string, draft: CampaignDefinition, channel: Channel): VersionDefinition {
  const { schedule, delivery } = draft;
  const marketing = draft.category === 'Marketing';
  return {
    campaign_id: campaignId,
    campaign_name: draft.name,
    action_name: draft.packages.find((action) => action.enabled)?.packageName ?? null,
    channel,
    lane_class: marketing ? 'bulk' : draft.highThroughputMode ? 'ht' : 'standard',
    category: marketing ? 'marketing' : 'transactional',
    identity_namespace: draft.identityNamespace!,
    audience_id: draft.audience?.audienceId ?? null,
    create_new_profile: draft.createNewProfile,
    high_throughput: draft.highThroughputMode,
    start_at: schedule?.startDateEnabled ? (schedule.startDate ?? null) : null,
    end_at: schedule?.endDateEnabled ? (schedule.endDate ?? null) : null,
    deadline_ms: (delivery?.deadlineMinutes ?? DEFAULT_DEADLINE_MINUTES) * 60_000,
    rate_per_second: draft.throttleRatePerSec ?? null,
    retry: { ...CHANNEL_RETRY[channel], ...delivery?.retry },
    on_unknown: delivery?.onUnknown ?? defaultUnknownPolicy(channel, marketing),
    content: draft.packages.find((action) => action.enabled)!.content,
  };
}

/** Transactional email and push are sent again once; marketing and every SMS are held for a person (reliability 5.5). */
export function defaultUnknownPolicy(channel: Channel, marketing: boolean): UnknownPolicy {
  return marketing || channel === 'sms' ? 'hold' : 'resend';
}

import {
  type CampaignDefinition,
  type FrozenFile,
  inUtc,
  treatmentsOf,
  type VersionDefinition,
} from '@outrigger/contracts';
import {
  ACTIVE_STATUSES,
  activationOf,
  type CampaignStatus,
  CHANNEL_RETRY,
  type Channel,
  type ReadFile,
  type UnknownPolicy,
} from '@outrigger/core';
import type { CompiledContent } from '@outrigger/render';
import { activateDraft, type Campaign, type ChannelConfiguration, type NewVersion, type Pool } from '@outrigger/store';
import { actionOf, draftOf } from './definition.ts';
import { keepFiles, readFiles } from './files.ts';
import { type Finding, isBlocked } from './finding.ts';
import { readSources, type Sources } from './sources.ts';
import { type Validation, validateDraft } from './validate.ts';

/** How long a message may wait to be handed over when nobody says (spec 3.2: 84 hours). */
const DEFAULT_DEADLINE_MINUTES = 84 * 60;

export type Activation =
  | { kind: 'activated'; campaign: Campaign; findings: Finding[] }
  | { kind: 'invalid'; findings: Finding[] }
  | { kind: 'no_draft' }
  | { kind: 'wrong_status' }
  | { kind: 'changed' };

/** What activation would say of the draft now, or undefined when there is no draft. */
export async function validateCampaign(
  pool: Pool,
  readFile: ReadFile | undefined,
  campaign: Campaign,
): Promise<Validation | undefined> {
  const draft = draftOf(campaign);
  if (!draft) return undefined;
  const sources = await readSources(pool, campaign.tenantId, draft);
  const files = await readFiles(pool, readFile, campaign.tenantId, draft);
  return validateDraft(draft, { ...sources, files, status: campaign.status }, Date.now());
}

/**
 * Activates a draft: validates, compiles, freezes an immutable version and makes it live (or scheduled when a start date
 * lies ahead). `from` names the statuses that the caller means: an approval starts in review, an activation does not. A live
 * campaign with a draft gets the new version; work in flight keeps the old one.
 */
export async function activateCampaign(
  pool: Pool,
  readFile: ReadFile | undefined,
  campaign: Campaign,
  from: readonly CampaignStatus[],
  by: string,
): Promise<Activation> {
  if (!from.includes(campaign.status)) return { kind: 'wrong_status' };
  const draft = draftOf(campaign);
  if (!draft) return { kind: 'no_draft' };
  const sources = await readSources(pool, campaign.tenantId, draft);
  const files = await readFiles(pool, readFile, campaign.tenantId, draft);
  const validation = await validateDraft(draft, { ...sources, files, status: campaign.status }, Date.now());
  const { findings, compiled } = validation;
  const { configuration } = sources;
  if (!compiled || !configuration || isBlocked(findings)) return { kind: 'invalid', findings };
  const frozen = await keepFiles(pool, campaign.tenantId, files);
  const version = newVersion(campaign.campaignId, draft, { ...sources, configuration }, compiled, frozen);
  const startAt = (version.definition as VersionDefinition).start_at;
  const transition = activationOf(campaign.status, startAt !== null && Date.parse(startAt) > Date.now());
  if (!transition) return { kind: 'wrong_status' };
  const activated = await activateDraft(pool, campaign, transition, version, by);
  return 'campaign' in activated ? { kind: 'activated', campaign: activated.campaign, findings } : { kind: 'changed' };
}

/** Whether a campaign has a version that serves or will serve. */
export function isActive(status: CampaignStatus): boolean {
  return (ACTIVE_STATUSES as readonly CampaignStatus[]).includes(status);
}

/** Everything that a version freezes, from a definition that was found to have no errors. */
export function newVersion(
  campaignId: string,
  draft: CampaignDefinition,
  sources: Sources & { configuration: ChannelConfiguration },
  compiled: CompiledContent,
  files: Record<string, FrozenFile> = {},
): NewVersion {
  const { configuration, revisions } = sources;
  return {
    definition: {
      ...versionDefinition(campaignId, draft, configuration),
      ...(Object.keys(files).length > 0 && { files }),
    },
    authored: draft,
    compiled: compiled as unknown as Record<string, unknown>,
    settings: configuration.settings,
    configurationId: configuration.configurationId,
    configurationRevision: configuration.revision,
    fragments: Object.fromEntries(revisions),
  };
}

function versionDefinition(
  campaignId: string,
  draft: CampaignDefinition,
  { channel, settings }: ChannelConfiguration,
): VersionDefinition {
  const { schedule, delivery } = draft;
  const action = actionOf(draft)!;
  const marketing = draft.category === 'Marketing';
  const retryPeriod = settings.retry_period_minutes as number | undefined;
  return {
    campaign_id: campaignId,
    campaign_name: draft.name,
    action_name: action.packageName ?? null,
    channel,
    lane_class: marketing ? 'bulk' : draft.highThroughputMode ? 'ht' : 'standard',
    category: marketing ? 'marketing' : 'transactional',
    identity_namespace: draft.identityNamespace!,
    audience_id: marketing ? (draft.audience?.audienceId ?? null) : null,
    create_new_profile: draft.createNewProfile,
    high_throughput: draft.highThroughputMode,
    enable_webhooks: draft.enableWebhooks,
    start_at: schedule?.startDateEnabled && schedule.startDate ? inUtc(schedule.startDate) : null,
    end_at: schedule?.endDateEnabled && schedule.endDate ? inUtc(schedule.endDate) : null,
    deadline_ms: (delivery?.deadlineMinutes ?? retryPeriod ?? DEFAULT_DEADLINE_MINUTES) * 60_000,
    rate_per_second: draft.throttleRatePerSec ?? null,
    retry: { ...CHANNEL_RETRY[channel], ...delivery?.retry },
    on_unknown: delivery?.onUnknown ?? defaultUnknownPolicy(channel, marketing),
    content: action.content,
    ...(action.experiment && { treatments: treatmentsOf(action) }),
  };
}

/** Transactional email and push are sent again once; marketing and every SMS are held for a person (reliability 5.5). */
export function defaultUnknownPolicy(channel: Channel, marketing: boolean): UnknownPolicy {
  return marketing || channel === 'sms' ? 'hold' : 'resend';
}

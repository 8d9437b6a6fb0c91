import type { CampaignDefinition } from '@outrigger/contracts';
import type { CampaignStatus } from '@outrigger/core';
import type { AudienceStanding, ChannelConfiguration } from '@outrigger/store';
import { error, type Finding, warning } from './finding.ts';

/** What is wrong with a campaign apart from its content: audience, mode, schedule (spec 5.3, 8). */
export function* checkCampaign(
  definition: CampaignDefinition,
  nowMs: number,
  { status = 'DRAFT', audience }: { status?: CampaignStatus; audience?: AudienceStanding | undefined } = {},
): Generator<Finding> {
  if (!definition.identityNamespace) {
    yield error('CAMPAIGN', 'campaign.namespace_missing', 'Set identityNamespace, for example email or phone.');
  }
  yield* checkAudience(definition, audience);
  if (definition.highThroughputMode) {
    if (definition.category !== 'Transactional') {
      yield error('CAMPAIGN', 'campaign.ht_category', 'High throughput is for transactional campaigns only.');
    }
    if (definition.createNewProfile) {
      yield error(
        'CAMPAIGN',
        'campaign.ht_create_profile',
        'High throughput never touches profiles; switch createNewProfile off.',
      );
    }
  }
  yield* checkSchedule(definition.schedule, nowMs, status);
}

/**
 * A marketing campaign has its audience, and it is there. The compatible API's call may carry one too (audience.id), but it lists
 * a campaign without one, and one with an unknown id, as errors (spec 5.3): who is written to is decided by the author who
 * activates, not by whoever holds a key that may trigger. So a call can only name the same audience (check-audience-call.ts).
 */
function* checkAudience(
  { category, audience }: CampaignDefinition,
  standing: AudienceStanding | undefined,
): Generator<Finding> {
  if (category === 'Transactional') {
    if (!audience) return;
    yield warning(
      'CAMPAIGN',
      'campaign.audience_ignored',
      'A transactional campaign gets its recipients with each call; the audience is not used.',
    );
    return;
  }
  if (!audience) {
    yield error(
      'CAMPAIGN',
      'campaign.audience_missing',
      'A marketing campaign goes to a stored audience; set audience.',
    );
  } else if (standing === 'unknown') {
    yield error('CAMPAIGN', 'campaign.audience_unknown', 'The audience (audienceId) does not exist in this sandbox.');
  } else if (standing === 'empty') {
    yield warning(
      'CAMPAIGN',
      'campaign.audience_empty',
      'The audience is a list without members: nobody would get this.',
    );
  }
}

function* checkSchedule(
  schedule: CampaignDefinition['schedule'],
  nowMs: number,
  status: CampaignStatus,
): Generator<Finding> {
  // A stored date whose flag is off is ignored (spec 2.1).
  const start = schedule?.startDateEnabled && schedule.startDate ? Date.parse(schedule.startDate) : undefined;
  const end = schedule?.endDateEnabled && schedule.endDate ? Date.parse(schedule.endDate) : undefined;
  if (schedule?.startDateEnabled && !schedule.startDate) {
    yield error('CAMPAIGN', 'schedule.start_missing', 'startDateEnabled is set but there is no startDate.');
  }
  if (schedule?.endDateEnabled && !schedule.endDate) {
    yield error('CAMPAIGN', 'schedule.end_missing', 'endDateEnabled is set but there is no endDate.');
  }
  if (end !== undefined && end <= nowMs) yield error('CAMPAIGN', 'schedule.end_past', 'The end date is in the past.');
  if (start !== undefined && end !== undefined && end <= start) {
    yield error('CAMPAIGN', 'schedule.end_before_start', 'The end date is not after the start date.');
  }
  if (status === 'LIVE' && start !== undefined && start > nowMs) {
    yield error(
      'CAMPAIGN',
      'schedule.start_ahead',
      'The campaign is live and would go silent until the start date. Leave the date out, or make another campaign.',
    );
  }
}

/** What is wrong between the campaign, its channel action and its channel configuration (spec 3.1, 8). */
export function* checkSurface(
  definition: CampaignDefinition,
  channel: 'EMAIL' | 'SMS' | 'PUSH',
  configuration: ChannelConfiguration | undefined,
): Generator<Finding> {
  if (definition.highThroughputMode && channel === 'SMS') {
    yield error('PACKAGE', 'package.ht_channel', 'High throughput knows email and push, not SMS.');
  }
  if (!configuration) {
    yield error('SURFACE', 'surface.missing', 'The channel configuration (surfaceId) does not exist in this sandbox.');
    return;
  }
  if (configuration.channel.toUpperCase() !== channel) {
    const message = `The channel configuration is for ${configuration.channel}, the action is ${channel}.`;
    yield error('SURFACE', 'surface.channel', message);
  }
  if (configuration.status !== 'Active') {
    const message = `The channel configuration is ${configuration.status}; it must be Active.`;
    yield error('SURFACE', 'surface.status', message);
  }
  if (configuration.category !== definition.category) {
    const message = `The channel configuration is ${configuration.category}, the campaign ${definition.category}.`;
    yield error('SURFACE', 'surface.category', message);
  }
  if (configuration.highThroughput !== definition.highThroughputMode) {
    yield error(
      'SURFACE',
      'surface.ht',
      configuration.highThroughput
        ? 'This channel configuration is kept for high throughput; a standard campaign needs another one.'
        : 'A high-throughput campaign needs a channel configuration of its own kind (highThroughputMode: true).',
    );
  }
}

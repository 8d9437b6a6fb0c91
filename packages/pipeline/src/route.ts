import { type BrakeRule, brakeConcerns, LANES, type Outcome } from '@outrigger/core';
import type { PooledSendOptions } from '@outrigger/flow';
import type { ClaimedBatch, ClaimedMessage } from '@outrigger/store';
import type { LoadedVersion } from './version-cache.ts';

/** Which accounts a message may go through, at which rates, and whether it goes before others. */
export type Route = Pick<PooledSendOptions, 'choice' | 'limits' | 'urgent'>;

type PoolSettings = { provider_pool?: PooledSendOptions['choice'] };

/**
 * The message's way to a provider: the accounts that its channel configuration names (all of them when it names none) without
 * those that a brake holds, and every limit that concerns it: the campaign's own rate and throttling brakes.
 */
export function routeOf<Settings>(
  message: ClaimedMessage,
  version: LoadedVersion<Settings>,
  batch: ClaimedBatch,
  accounts: readonly string[],
): Route | { paused: Outcome } {
  const wanted = (version.settings as PoolSettings).provider_pool ?? { strategy: undefined, accounts: [...accounts] };
  const held = batch.brakes.filter((brake) => brake.scope === 'provider' && brake.action !== 'throttle');
  const open = wanted.accounts.filter((account) => !held.some((brake) => brake.target === account));
  const [holding] = held;
  if (open.length === 0 && holding) return { paused: pausedBy(holding) };
  return {
    limits: limitsOf(message, version, batch),
    // One-time passwords do not wait for a slot behind an audience.
    urgent: LANES[batch.lane].laneClass !== 'bulk',
    ...((open.length < wanted.accounts.length || wanted.strategy) && {
      choice: { strategy: wanted.strategy ?? 'ordered', accounts: open },
    }),
  };
}

function limitsOf<Settings>(message: ClaimedMessage, version: LoadedVersion<Settings>, batch: ClaimedBatch) {
  const { rate_per_second: rate } = version.definition;
  const target = { ...message, lane: batch.lane, provider: '' };
  const throttles = batch.brakes.filter((brake) => brake.action === 'throttle' && brakeConcerns(brake, target));
  return [
    ...(rate ? [{ key: `campaign/${message.campaignId}`, ratePerSecond: rate }] : []),
    ...throttles.map((brake) => ({ key: `brake/${brake.brake_id}`, ratePerSecond: brake.rate_per_second ?? 1 })),
  ];
}

/** A message that a pausing brake holds waits in the ledger until the brake is released; its attempts are not used up. */
export function pausedBy(brake: BrakeRule): Outcome {
  return {
    state: 'deferred',
    code: 'policy.paused',
    costsAttempt: false,
    brakeId: brake.brake_id,
    detail: brake.brake_id,
  };
}

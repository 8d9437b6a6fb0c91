import { type BrakeRule, brakeConcerns, LANES, type Outcome } from '@outrigger/core';
import type { PooledSendOptions, RateKey } from '@outrigger/flow';
import type { ClaimedBatch, ClaimedMessage } from '@outrigger/store';
import type { LoadedVersion } from './version-cache.ts';

/** Which accounts a message may go through, at which rates, and whether it goes before others. */
export type Route = Pick<PooledSendOptions, 'choice' | 'limits' | 'accountLimits' | 'laneClass'>;

type PoolSettings = { provider_pool?: PooledSendOptions['choice'] };

/**
 * The message's way to a provider: the accounts that its channel configuration names (all of them when it names none) without
 * those that a brake closes, and every limit that concerns it: the campaign's own rate and throttling brakes. With every account
 * closed it waits for the first that is only paused; with all of them canceled it ends.
 */
export function routeOf<Settings>(
  message: ClaimedMessage,
  version: LoadedVersion<Settings>,
  batch: Pick<ClaimedBatch, 'lane' | 'brakes'>,
  accounts: readonly string[],
): Route | { stop: Outcome } {
  const wanted = (version.settings as PoolSettings).provider_pool ?? { strategy: undefined, accounts: [...accounts] };
  const ofProviders = batch.brakes.filter((brake) => brake.scope === 'provider');
  const closing = ofProviders.filter((brake) => brake.action !== 'throttle' && wanted.accounts.includes(brake.target));
  const open = wanted.accounts.filter((account) => !closing.some((brake) => brake.target === account));
  const [closed] = closing;
  if (open.length === 0 && closed) {
    const pause = closing.find((brake) => brake.action === 'pause');
    return { stop: pause ? pausedBy(pause) : canceledBy(closed) };
  }
  const throttles = ofProviders.filter((brake) => brake.action === 'throttle');
  return {
    limits: limitsOf(message, version, batch),
    ...(throttles.length > 0 && {
      accountLimits: (account: string) => throttles.filter((brake) => brake.target === account).map(limitOf),
    }),
    // One-time passwords do not wait for a slot behind an audience, nor long behind a flood of high throughput.
    laneClass: LANES[batch.lane].laneClass,
    ...((open.length < wanted.accounts.length || wanted.strategy) && {
      choice: { strategy: wanted.strategy ?? 'ordered', accounts: open },
    }),
  };
}

function limitsOf<Settings>(
  message: ClaimedMessage,
  version: LoadedVersion<Settings>,
  batch: Pick<ClaimedBatch, 'lane' | 'brakes'>,
) {
  const { rate_per_second: rate } = version.definition;
  const target = { ...message, lane: batch.lane, provider: '' };
  const throttles = batch.brakes.filter((brake) => brake.action === 'throttle' && brakeConcerns(brake, target));
  return [...(rate ? [{ key: `campaign/${message.campaignId}`, ratePerSecond: rate }] : []), ...throttles.map(limitOf)];
}

function limitOf(brake: BrakeRule): RateKey {
  return { key: `brake/${brake.brake_id}`, ratePerSecond: brake.rate_per_second ?? 1 };
}

/** A canceling brake ends what it concerns, with its own name as the reason. */
export function canceledBy(brake: BrakeRule): Outcome {
  return { state: 'canceled', code: 'canceled.by_operator', detail: brake.brake_id };
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

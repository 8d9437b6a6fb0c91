import { type BrakeRule, brakeConcerns } from '@outrigger/core';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import {
  type ClaimedBatch,
  type ClaimedMessage,
  type Pool,
  readActiveBrakes,
  readStoppedCampaigns,
} from '@outrigger/store';

/**
 * Brakes in force and campaigns that were stopped as of a moment ago, for messages that were claimed before and still wait for
 * their turn or for a slot. The claim decides; this only makes sure that a call does not start long after the answer to whoever
 * braked or stopped.
 */
export type BrakeWatch = Part & {
  /** From the moment when the batch was claimed: a look at the brakes counts only if it began after that. */
  since(batch: Pick<ClaimedBatch, 'brakes' | 'lane'>): BrakesSince;
};

export type BrakesSince = {
  /**
   * Whether a pause or a cancel is in force for this message, or for the account that it is about to go through, or its campaign
   * was stopped. Such a message is given back, and its next claim says what becomes of it.
   */
  holds(message: ClaimedMessage, account: string): boolean;
  /** The brakes of the claim, or those of a later look. */
  inForce(): BrakeRule[];
};

const READ_EVERY_MS = 500;
/** No claim is older than this: what was stopped before, every claim has seen. */
const STOPPED_FOR_MS = 30 * 60_000;

export function startBrakeWatch(pool: Pool, log: Log): BrakeWatch {
  let active: BrakeRule[] = [];
  let stops: BrakeRule[] = [];
  let stoppedCampaigns: ReadonlySet<string> = new Set();
  let lookedAt = Number.NEGATIVE_INFINITY;

  const part = startRounds('brake watch', async () => {
    const beganAt = performance.now();
    try {
      [active, stoppedCampaigns] = await Promise.all([
        readActiveBrakes(pool),
        readStoppedCampaigns(pool, STOPPED_FOR_MS),
      ]);
      stops = active.filter((brake) => brake.action !== 'throttle');
      lookedAt = beganAt;
    } catch (error) {
      // What was known stays in force; with the ledger away there are no new claims either.
      log.warn({ event: 'brakes.read_failed', ...errorFields(error) });
    }
    return READ_EVERY_MS;
  });

  return {
    ...part,
    since(batch) {
      const claimedAt = performance.now();
      return {
        holds(message, account) {
          // A stop is final, so it does not matter when it was looked at. What is told apart is sent whatever the status.
          if (stoppedCampaigns.has(message.campaignId) && !message.apart) return true;
          if (stops.length === 0 || lookedAt < claimedAt) return false;
          const target = { ...message, lane: batch.lane, provider: account };
          return stops.some((brake) => brakeConcerns(brake, target));
        },
        inForce: () => (lookedAt < claimedAt ? batch.brakes : active),
      };
    },
  };
}

import { type BrakeRule, brakeConcerns } from '@outrigger/core';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import { type ClaimedBatch, type ClaimedMessage, type Pool, readActiveBrakes } from '@outrigger/store';

/**
 * Brakes in force as of a moment ago, for messages that were claimed before a brake was put on and still wait for their turn or
 * for a slot. The claim decides; this only makes sure that a call does not start long after the answer to whoever braked.
 */
export type BrakeWatch = Part & {
  /** Whether a pause or a cancel has come into force for this message since its claim. */
  holds(message: ClaimedMessage, batch: ClaimedBatch): boolean;
};

const READ_EVERY_MS = 500;

export function startBrakeWatch(pool: Pool, log: Log): BrakeWatch {
  let stops: BrakeRule[] = [];
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let reading = Promise.resolve();

  async function read(): Promise<void> {
    try {
      stops = (await readActiveBrakes(pool)).filter((brake) => brake.action !== 'throttle');
    } catch (error) {
      // What was known stays in force; with the ledger away there are no new claims either.
      log.warn({ event: 'brakes.read_failed', ...errorFields(error) });
    }
    if (!stopped) timer = setTimeout(next, READ_EVERY_MS);
  }
  function next(): void {
    reading = read();
  }
  next();

  return {
    name: 'brake watch',
    holds(message, batch) {
      if (stops.length === 0) return false;
      const target = { ...message, lane: batch.lane, provider: '' };
      return stops.some((brake) => brake.scope !== 'provider' && brakeConcerns(brake, target));
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await reading;
    },
  };
}

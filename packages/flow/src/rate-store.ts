import type { RateStore, SlotRequest } from '@outrigger/store/rate-slots';
import { createLocalRateStore } from './gcra.ts';

/** A reservation that takes longer than this is not waited for. */
const ANSWER_WITHIN_MS = 1_000;
/** After a failure the ledger is left alone for this long: waiting for it each time would stop what is left to send. */
const AWAY_FOR_MS = 3_000;
/** Without the ledger a process takes what it used lately, and at least this part of the rate. */
const LEAST_SHARE = 8;

/**
 * The ledger's store, with this process's own behind it: while the ledger does not answer, slots go on at this process's
 * share of the rate, which is about what it used before. `observed` tells that, in messages per second.
 */
export function withFallback(
  ledger: RateStore,
  now: () => number,
  observed: (key: string) => number,
  onError: (error: unknown) => void,
): RateStore {
  const local = createLocalRateStore(now);
  let awayUntilMs = Number.NEGATIVE_INFINITY;

  async function ask<Value>(question: () => Promise<Value>, otherwise: () => Promise<Value>): Promise<Value> {
    if (now() < awayUntilMs) return otherwise();
    try {
      return await withinMs(ANSWER_WITHIN_MS, question());
    } catch (error) {
      awayUntilMs = now() + AWAY_FOR_MS;
      onError(error);
      return otherwise();
    }
  }

  function ownShare(request: SlotRequest): SlotRequest {
    const { ratePerSecond } = request;
    const share = Math.max(observed(request.key), ratePerSecond / LEAST_SHARE);
    return { ...request, ratePerSecond: Math.min(ratePerSecond, share) };
  }

  return {
    reserve: (request) =>
      ask(
        () => ledger.reserve(request),
        () => local.reserve(ownShare(request)),
      ),
    slowDown: (request) =>
      ask(
        () => ledger.slowDown(request),
        () => local.slowDown(request),
      ),
  };
}

/** A statement that is answered too late has reserved slots that nobody uses: the careful side. */
async function withinMs<Value>(limitMs: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the ledger did not answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

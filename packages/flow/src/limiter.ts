import type { RateStore } from '@outrigger/store/rate-slots';
import { type Admitted, type Clock, createGate, type EnterOptions, type Gate } from './gate.ts';
import { withFallback } from './rate-store.ts';

export type { Admitted, Clock } from './gate.ts';

/** `ratePerSecond` undefined: not limited, unless its provider throttles. */
export type RateKey = { key: string; ratePerSecond: number | undefined };

export type Limiter = {
  /**
   * Waits for a slot of every key, at most `maxWaitMs` (and until `signal` aborts). `busyForMs` says that no slot was to be
   * had in that time and when to come again; the message was not sent and this costs it no attempt. Slots of the slower keys
   * are taken first.
   */
  acquire(keys: RateKey[], signal: AbortSignal, maxWaitMs: number, options?: EnterOptions): Promise<Admitted>;
  /**
   * The same for several messages that go out together: waits until each has its slots, or until it is clear that some get none in
   * time. `count` says how many have; it is at least one.
   */
  acquireMany(
    keys: RateKey[],
    count: number,
    signal: AbortSignal,
    maxWaitMs: number,
    options?: EnterOptions,
  ): Promise<{ count: number; waitedMs: number } | { busyForMs: number }>;
  /** The provider throttled: all processes send at half of the rate, which recovers by itself; nobody sends for `retryAfterMs`. */
  throttled(key: RateKey, retryAfterMs?: number): void;
};

const LONGEST_PAUSE_MS = 5 * 60_000;
const REPORT_ONCE_MS = 1_000;
const SLOWED_LOCALLY_MS = 60_000;
const MOST_GATES = 1_000;

/**
 * Limits rates over any number of processes. The truth is a row per key in the ledger; a process reserves about 100 ms worth
 * of slots with one statement and hands them out at their times. Any second sees at most 105 % of the rate, and what the
 * ledger's answers vary in time.
 */
export function createLimiter(options: {
  store: RateStore;
  clock?: Clock;
  /** The ledger did not answer; limiting goes on in this process alone. */
  onError?: (error: unknown) => void;
}): Limiter {
  const { clock = REAL_CLOCK, onError = () => {} } = options;
  const gates = new Map<string, Gate>();
  const reportedUntilMs = new Map<string, number>();
  const store = withFallback(options.store, clock.now, (key) => gates.get(key)?.observed() ?? 0, onError);

  function gateOf(key: string): Gate {
    let gate = gates.get(key);
    if (!gate) {
      if (gates.size >= MOST_GATES) for (const [idle, other] of gates) if (other.isIdle()) gates.delete(idle);
      gate = createGate(key, store, clock);
      gates.set(key, gate);
    }
    return gate;
  }

  const watched = new WeakSet<AbortSignal>();

  /** One listener a signal, not one a message: removing one of hundreds is a search. */
  function watch(signal: AbortSignal): void {
    if (watched.has(signal)) return;
    watched.add(signal);
    const cancel = () => {
      for (const gate of gates.values()) gate.cancel(signal);
    };
    signal.addEventListener('abort', cancel, { once: true });
  }

  async function acquireMany(
    keys: RateKey[],
    wanted: number,
    signal: AbortSignal,
    maxWaitMs: number,
    options: EnterOptions = {},
  ): Promise<{ count: number; waitedMs: number } | { busyForMs: number }> {
    if (signal.aborted) return { busyForMs: 1 };
    const order = keys.length > 1 ? keys.toSorted((a, b) => rateOf(a) - rateOf(b)) : keys;
    const startedAtMs = clock.now();
    let count = wanted;
    for (const key of order) {
      const gate = gateOf(key.key);
      const rate = rateOf(key);
      if (rate <= 0) return { busyForMs: maxWaitMs + 1_000 };
      if (rate === Number.POSITIVE_INFINITY && gate.slowedUntilMs <= clock.now()) {
        gate.count(count);
        continue;
      }
      const leftMs = maxWaitMs - (clock.now() - startedAtMs);
      const entered = Array.from({ length: count }, () => gate.enter(rate, signal, leftMs, options));
      if (entered.some((one) => one instanceof Promise)) watch(signal);
      const admitted = await Promise.all(entered);
      const turnedAway = admitted.find((one) => 'busyForMs' in one);
      count = admitted.filter((one) => 'waitedMs' in one).length;
      if (count === 0 && turnedAway && 'busyForMs' in turnedAway) return turnedAway;
    }
    return { count, waitedMs: clock.now() - startedAtMs };
  }

  return {
    async acquire(keys, signal, maxWaitMs, options = {}) {
      if (signal.aborted) return { busyForMs: 1 };
      const order = keys.length > 1 ? keys.toSorted((a, b) => rateOf(a) - rateOf(b)) : keys;
      const startedAtMs = clock.now();
      for (const key of order) {
        const gate = gateOf(key.key);
        const rate = rateOf(key);
        if (rate <= 0) return { busyForMs: maxWaitMs + 1_000 };
        if (rate === Number.POSITIVE_INFINITY && gate.slowedUntilMs <= clock.now()) {
          gate.count();
          continue;
        }
        const leftMs = maxWaitMs - (clock.now() - startedAtMs);
        const entered = gate.enter(rate, signal, leftMs, options);
        if (entered instanceof Promise) watch(signal);
        const admitted = entered instanceof Promise ? await entered : entered;
        if ('busyForMs' in admitted) return admitted;
      }
      return { waitedMs: clock.now() - startedAtMs };
    },
    acquireMany,
    throttled(key, retryAfterMs = 0) {
      const nowMs = clock.now();
      const gate = gateOf(key.key);
      gate.slowedUntilMs = nowMs + SLOWED_LOCALLY_MS;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, retryAfterMs);
      // A throttle comes in a swarm, one for every call that was under way.
      if (nowMs + pauseMs < (reportedUntilMs.get(key.key) ?? Number.NEGATIVE_INFINITY)) return;
      reportedUntilMs.set(key.key, nowMs + pauseMs + REPORT_ONCE_MS);
      gate.drop();
      void store.slowDown({
        key: key.key,
        ratePerSecond: rateOf(key),
        observedPerSecond: gate.observed(),
        floorPerSecond: floorOf(key),
        pauseMs,
      });
    },
  };
}

function rateOf(key: RateKey): number {
  return key.ratePerSecond ?? Number.POSITIVE_INFINITY;
}

/** A throttle never takes a stated rate below a tenth of it, nor any other below one a second. */
function floorOf(key: RateKey): number {
  return key.ratePerSecond === undefined ? 1 : key.ratePerSecond / 10;
}

const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

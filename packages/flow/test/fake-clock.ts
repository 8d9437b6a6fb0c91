import type { Clock } from '../src/limiter.ts';

export type FakeClock = Clock & {
  /** Lets time pass by `ms` at once, then runs what came due, in order, and everything that follows from it. */
  pass(ms: number): Promise<void>;
};

export function createFakeClock(): FakeClock {
  let nowMs = 0;
  let timers: { atMs: number; callback: () => void }[] = [];
  return {
    now: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async pass(ms) {
      nowMs += ms;
      for (;;) {
        const due = timers.filter((timer) => timer.atMs <= nowMs).toSorted((a, b) => a.atMs - b.atMs)[0];
        if (!due) break;
        timers = timers.filter((other) => other !== due);
        due.callback();
        await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
    },
  };
}

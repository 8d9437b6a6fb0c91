import { setTimeout as delay } from 'node:timers/promises';

/** Nothing ends for this long, with everything up: it never will. */
const STUCK_AFTER_MS = 90_000;
const LOOK_EVERY_MS = 300;

/** Waits until nothing is outstanding and stays so for a moment, or until nothing moves any more. */
export async function untilEnded(outstanding: () => number): Promise<void> {
  let last = outstanding();
  let movedAt = performance.now();
  let quietRounds = 0;
  while (quietRounds < 4 && performance.now() - movedAt < STUCK_AFTER_MS) {
    await delay(500);
    const now = outstanding();
    quietRounds = now === 0 ? quietRounds + 1 : 0;
    if (now !== last) movedAt = performance.now();
    last = now;
  }
}

/** Looks again and again until told to stop. */
export function keepLooking(look: () => Promise<void>): { stop(): Promise<void> } {
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      await look().catch(() => {}); // PostgreSQL is being crashed
      await delay(LOOK_EVERY_MS);
    }
  })();
  return {
    async stop() {
      stopping = true;
      await running;
    },
  };
}

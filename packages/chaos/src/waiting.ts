import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '@outrigger/store';

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

/** Waits until every report of a provider that is on disk has been read once. */
export async function untilReportsAreRead(pool: Pool): Promise<void> {
  const until = performance.now() + STUCK_AFTER_MS;
  const unread = async () => (await pool.query('SELECT FROM callbacks WHERE result IS NULL LIMIT 1')).rowCount ?? 0;
  while ((await unread()) > 0 && performance.now() < until) await delay(LOOK_EVERY_MS);
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

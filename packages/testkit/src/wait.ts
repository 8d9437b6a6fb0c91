import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;
/**
 * What the whole system does within a second or two may take this long on two cores that other tests use too. It is a limit for
 * hanging, not a promise: where a time is promised, the test says so.
 */
const PATIENCE_MS = 90_000;

/** Waits until `look` finds something (anything but undefined or false), and returns it. Throws after the deadline. */
export async function waitFor<Found>(
  what: string,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
  withinMs = PATIENCE_MS,
): Promise<Found> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}

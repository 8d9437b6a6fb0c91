import type { Part } from './lifecycle.ts';

/**
 * Does `round` at once and then again and again, until the part is stopped; stopping waits for the round under way. A round resolves
 * to the milliseconds to rest after it, and must not reject: what went wrong is the round's to log.
 */
export function startRounds(name: string, round: (stopping: () => boolean) => Promise<number>): Part {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  async function work(): Promise<void> {
    const restMs = await round(() => stopped);
    if (!stopped) timer = setTimeout(next, restMs);
  }
  function next(): void {
    running = work();
  }
  next();

  return {
    name,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

import { errorFields, type Log, type Part } from '@outrigger/runtime';
import { importSuppressionUpload, type Pool, wipeSuppressions } from '@outrigger/store';
import { readSuppressionCsv } from './csv.ts';

const LOOK_EVERY_MS = 15_000;

/**
 * Imports uploaded files and wipes lists, one piece after the other. What is to be done stands in the ledger, so any control
 * process does it: at once when `wake` is called, otherwise at the next look.
 */
export function startListWorker(pool: Pool, log: Log): Part & { wake(): void } {
  let stopped = false;
  let awake = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  async function work(): Promise<void> {
    try {
      do {
        awake = false;
        while (!stopped && (await importSuppressionUpload(pool, readSuppressionCsv)));
        while (!stopped && (await wipeSuppressions(pool)));
      } while (awake && !stopped);
    } catch (error) {
      log.warn({ event: 'lists.failed', ...errorFields(error) });
    }
    if (!stopped) timer = setTimeout(next, LOOK_EVERY_MS);
  }
  function next(): void {
    clearTimeout(timer);
    timer = undefined;
    running = work();
  }
  next();

  return {
    name: 'list worker',
    wake() {
      awake = true;
      if (timer !== undefined && !stopped) next();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

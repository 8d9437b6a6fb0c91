import { errorFields, type Part } from '@outrigger/runtime';
import { forgetCallbacks } from '@outrigger/store';
import { type FeedbackDeps, readCallbacks } from './read-callbacks.ts';

const LOOK_EVERY_MS = 1_000;
const FORGET_EVERY_MS = 10 * 60_000;
/** As long as a sender may repeat itself, and a person may want to see what could not be used (reliability I09, F48). */
const KEPT_MS = 7 * 24 * 60 * 60_000;

/**
 * Reads callbacks as long as there are any, then waits: for `wake`, or a second, because another process may have stored some
 * and died. Several processes may do it at once.
 */
export function startFeedback(deps: FeedbackDeps): Part & { wake(): void } {
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let forgottenAt = Number.NEGATIVE_INFINITY;

  async function readAll(): Promise<void> {
    try {
      do {
        again = false;
        while (!stopped && (await readCallbacks(deps)) > 0);
      } while (again && !stopped);
      if (!stopped && performance.now() - forgottenAt > FORGET_EVERY_MS) {
        await forgetCallbacks(deps.pool, KEPT_MS);
        forgottenAt = performance.now();
      }
    } catch (error) {
      deps.log.warn({ event: 'feedback.failed', ...errorFields(error) });
    }
  }

  function wake(): void {
    again = true;
    if (stopped || running) return;
    running = readAll().finally(() => {
      running = undefined;
    });
  }

  const timer = setInterval(wake, LOOK_EVERY_MS);
  wake();
  return {
    name: 'feedback',
    wake,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

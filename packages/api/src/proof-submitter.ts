import { submitNextProof } from '@outrigger/authoring';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';

const LOOK_EVERY_MS = 1_000;

/** Submits the proofs that wait. Several processes may: a job belongs to whoever locks it. */
export function startProofSubmitter(pool: Pool, log: Log): Part {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  async function round(): Promise<void> {
    try {
      while (!stopped && (await submitNextProof(pool)));
    } catch (error) {
      log.warn({ event: 'proofs.submit_failed', ...errorFields(error) });
    }
    if (!stopped) timer = setTimeout(next, LOOK_EVERY_MS);
  }
  function next(): void {
    running = round();
  }
  next();

  return {
    name: 'proof submitter',
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

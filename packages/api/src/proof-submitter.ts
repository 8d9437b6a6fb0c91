import { submitNextProof } from '@outrigger/authoring';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';

const LOOK_EVERY_MS = 1_000;

/** Submits the proofs that wait. Several processes may: a job belongs to whoever locks it. */
export function startProofSubmitter(pool: Pool, log: Log): Part {
  return startRounds('proof submitter', async (stopping) => {
    try {
      while (!stopping() && (await submitNextProof(pool)));
    } catch (error) {
      log.warn({ event: 'proofs.submit_failed', ...errorFields(error) });
    }
    return LOOK_EVERY_MS;
  });
}

import type { Outcome } from '@outrigger/core';
import { type ClaimedBatch, type Pool, splitBatch } from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import type { Record } from './record.ts';

/** A batch claimed more often than this without ending is taken apart; a message that then still does not end is dead. */
const SPLIT_AFTER_CLAIMS = 3;
const DEAD_AFTER_CLAIMS = 6;

/**
 * One bad message cannot stop a lane (P16): workers that die while they hold it give it back by their journal, with a claim more
 * each time. Returns true when the batch was dealt with here and is not to be delivered.
 */
export async function handlePoison(
  batch: ClaimedBatch,
  deps: { pool: Pool; record: Record; enqueue: Enqueue },
): Promise<boolean> {
  if (batch.claims <= SPLIT_AFTER_CLAIMS) return false;
  if (batch.messages.length > 1) {
    deps.enqueue(await splitBatch(deps.pool, batch));
    return true;
  }
  if (batch.claims <= DEAD_AFTER_CLAIMS) return false;
  const outcome: Outcome = { state: 'failed', code: 'bug.poison', detail: `picked up ${batch.claims} times` };
  for (const message of batch.messages) await deps.record(batch, message, { outcome, provider: '' }, 'hold');
  return true;
}

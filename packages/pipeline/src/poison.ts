import type { Outcome } from '@outrigger/core';
import { type ClaimedBatch, type Pool, splitBatch } from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import type { Record } from './record.ts';

/** A batch with so many strikes is taken apart, so that a message that kills its workers can be told from its neighbours. */
export const SPLIT_AFTER_STRIKES = 3;
/** A single message with so many is dead. */
const DEAD_AFTER_STRIKES = 6;

/**
 * One bad message cannot stop a lane (P16): workers that die while they hold it give it back by their journal, with a strike more
 * each time. Returns true when the batch was dealt with here and is not to be delivered.
 */
export async function handlePoison(
  batch: ClaimedBatch,
  deps: { pool: Pool; record: Record; enqueue: Enqueue },
): Promise<boolean> {
  if (batch.strikes < SPLIT_AFTER_STRIKES) return false;
  if (batch.messages.length > 1) {
    deps.enqueue(await splitBatch(deps.pool, batch));
    return true;
  }
  if (batch.strikes < DEAD_AFTER_STRIKES) return false;
  const detail = `${batch.strikes} workers in a row died or failed with it`;
  const outcome: Outcome = { state: 'failed', code: 'bug.poison', detail };
  for (const message of batch.messages)
    await deps.record(batch, message, { outcome, provider: '' }, { onUnknown: 'hold' });
  return true;
}

import { createGrouper } from '@outrigger/core';
import type { Part } from '@outrigger/runtime';
import { type NewCallback, type Pool, storeCallbacks } from '@outrigger/store';

/** Bytes of callbacks in one statement: many small ones, or a few large. */
const MAX_GROUP_BYTES = 1_048_576;

export type CallbackStore = Part & {
  /** Resolves when the callback is on disk: only then may its sender be told that it arrived. */
  store(callback: NewCallback): Promise<void>;
};

/** Stores callbacks in groups, and says when there is something new to read. */
export function createCallbackStore(pool: Pool, onStored: () => void): CallbackStore {
  const grouper = createGrouper<NewCallback, void>({
    maxWeight: MAX_GROUP_BYTES,
    weight: (callback) => callback.body.length + 200,
    parallel: 2,
    async flush(callbacks) {
      if ((await storeCallbacks(pool, callbacks)) > 0) onStored();
      return callbacks.map(() => undefined);
    },
  });
  return { name: 'callback store', store: (callback) => grouper.add(callback), stop: () => grouper.idle() };
}

import type { JsonObject } from '@outrigger/core';
import { type Pool, readSharedContext } from '@outrigger/store';

/** A context is at most 200 kB: this many cost 20 MB at most, and a worker meets few executions at a time. */
const MAX_KEPT = 100;

/** The context that all members of an audience execution share. It never changes, so it is read once a process. */
export type LoadSharedContext = (audienceExecutionId: string) => Promise<JsonObject>;

export function createSharedContexts(pool: Pool): LoadSharedContext {
  const kept = new Map<string, Promise<JsonObject>>();
  return function loadSharedContext(audienceExecutionId) {
    const known = kept.get(audienceExecutionId);
    if (known) return known;
    const context = readSharedContext(pool, audienceExecutionId);
    context.catch(() => kept.delete(audienceExecutionId));
    if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
    kept.set(audienceExecutionId, context);
    return context;
  };
}

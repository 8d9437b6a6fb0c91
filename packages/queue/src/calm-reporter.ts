import { performance } from 'node:perf_hooks';

const REPEAT_AFTER_MS = 5_000;
const REMEMBERED_MESSAGES = 50;

/**
 * While a store is away every connection repeats the same error several times a second. This passes each message on
 * at most once in five seconds, and keeps a failing `onError` from taking the process down.
 */
export function calmReporter(onError: (error: Error) => void): (error: unknown) => void {
  const lastReportedAt = new Map<string, number>();
  return (thrown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const at = performance.now();
    const last = lastReportedAt.get(error.message);
    if (last !== undefined && at - last < REPEAT_AFTER_MS) return;
    if (lastReportedAt.size >= REMEMBERED_MESSAGES) lastReportedAt.clear();
    lastReportedAt.set(error.message, at);
    try {
      onError(error);
    } catch {
      // An error listener that throws would surface as an uncaught exception of whatever socket reported.
    }
  };
}

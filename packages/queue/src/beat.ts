import type { QueueBeat } from './store.ts';
import { withinLimit } from './time-limit.ts';

const BEAT_LIMIT_MS = 1_500;

/**
 * A beat over `mark`, which changes something in the store, or reads what only a restart changes, and tells whether it found what
 * it left there the last time. A beat after one that failed is `lost` too: what was added meanwhile may have been refused.
 */
export function createBeat(mark: () => Promise<boolean>): QueueBeat {
  let steady = false;
  return async () => {
    try {
      const found = await withinLimit(mark(), BEAT_LIMIT_MS, 'queue store is away or slow');
      const answer = found && steady ? 'steady' : 'lost';
      steady = true;
      return answer;
    } catch {
      steady = false;
      return 'away';
    }
  };
}

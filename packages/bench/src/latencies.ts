import type { SavedCalls } from './load/call-book.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';

export type Latencies = { accept: Percentiles; callToProvider: Percentiles };

/** Times of the calls that were due between two instants, counted from when they were due. */
export function latenciesBetween(
  fromMs: number,
  untilMs: number,
  calls: SavedCalls,
  provider: { firstAt: Float64Array },
  recipientsPerCall: number,
): Latencies {
  const accept: number[] = [];
  const callToProvider: number[] = [];
  for (let call = 0; call < calls.count; call++) {
    const dueAt = calls.dueAt[call]!;
    if (dueAt < fromMs || dueAt >= untilMs || calls.statuses[call] !== 202) continue;
    accept.push(calls.answeredAt[call]! - dueAt);
    for (let place = 0; place < recipientsPerCall; place++) {
      const at = provider.firstAt[call * recipientsPerCall + place] ?? 0;
      // Not there: what is lost is the verification's to say.
      if (at > 0) callToProvider.push(at - dueAt);
    }
  }
  return {
    accept: percentilesOf(Float64Array.from(accept)),
    callToProvider: percentilesOf(Float64Array.from(callToProvider)),
  };
}

import type { SavedCalls } from './load/call-book.ts';

/** What the three books say, joined. Nothing in `problems` means: accepted = taken by the provider, exactly once each. */
export type Verification = {
  acceptedCalls: number;
  acceptedMessages: number;
  takenMessages: number;
  refusedCalls: number;
  lost: number;
  doubled: number;
  strangers: number;
  problems: string[];
};

const EXAMPLES = 5;

/**
 * Holds the load's 202s against the provider's account, message by message. Numbers from `firstOfOthers` on are messages that did
 * not come through the load: they may be there or not, and once at most.
 */
export function verifyHandOvers(
  calls: SavedCalls,
  times: Uint8Array,
  recipientsPerCall: number,
  firstOfOthers = Number.POSITIVE_INFINITY,
): Verification {
  const problems: string[] = [];
  const counts = { lost: 0, doubled: 0, strangers: 0 };
  const broken = (kind: keyof typeof counts, what: string) => {
    if (++counts[kind] <= EXAMPLES) problems.push(what);
  };
  let acceptedCalls = 0;
  let takenMessages = 0;
  for (let call = 0; call < calls.count; call++) {
    const accepted = calls.statuses[call] === 202;
    if (accepted) acceptedCalls++;
    for (let place = 0; place < recipientsPerCall; place++) {
      const number = call * recipientsPerCall + place;
      const taken = times[number] ?? 0;
      takenMessages += taken;
      if (accepted && taken === 0) broken('lost', `message ${number} was accepted and never handed over`);
      if (taken > 1) broken('doubled', `message ${number} was handed over ${taken} times`);
      // A call without an answer may have been accepted all the same; one that was answered otherwise may not.
      if (!accepted && taken > 0 && calls.statuses[call] !== 0) {
        broken('strangers', `message ${number} was refused (${calls.statuses[call]}) and handed over`);
      }
    }
  }
  for (let number = calls.count * recipientsPerCall; number < times.length; number++) {
    if (times[number]! > 1) broken('doubled', `message ${number} was handed over ${times[number]} times`);
    if (times[number]! > 0 && number < firstOfOthers)
      broken('strangers', `message ${number} was handed over and nobody asked for it`);
  }
  return {
    acceptedCalls,
    acceptedMessages: acceptedCalls * recipientsPerCall,
    takenMessages,
    refusedCalls: calls.count - acceptedCalls,
    ...counts,
    problems,
  };
}

/** Calls that were answered 202, by execution id. */
export function acceptedExecutions(calls: SavedCalls): Map<string, number> {
  const executions = new Map<string, number>();
  for (let call = 0; call < calls.count; call++) {
    if (calls.statuses[call] === 202) executions.set(calls.executionId(call), call);
  }
  return executions;
}

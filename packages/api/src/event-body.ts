import { BOUNCE_CODES, type BounceCode, describeCode, feedbackStatus, type OutcomeCode } from '@outrigger/core';
import type { FeedbackRow, MessageEvent } from '@outrigger/store';

/** One event of a message as every API of ours shows it. */
export function eventBody(event: MessageEvent) {
  return {
    state: event.state,
    at: event.at.toISOString(),
    attempt: event.attempt,
    ...codeFields(event.code),
    ...(event.provider && { provider: event.provider }),
    ...(event.providerMessageId && { providerMessageId: event.providerMessageId }),
    ...(event.possibleDuplicate && { possibleDuplicate: true }),
    ...(event.detail && { detail: event.detail }),
  };
}

/** A code with its meaning in words; nothing for a state that needs none. */
export function codeFields(code: string | null) {
  return code === null ? {} : { code, reason: describeCode(code as OutcomeCode) };
}

const BOUNCE_TYPES = { hard: 'Hard', soft: 'Soft', ignored: 'Ignored' } as const;

/** What providers said of a message, and what it comes to. */
export function feedbackBody(facts: FeedbackRow[]) {
  const status = feedbackStatus(facts);
  return {
    ...(status && { feedbackStatus: status }),
    feedback: facts.map((one) => ({
      fact: one.fact,
      at: one.at.toISOString(),
      receivedAt: one.receivedAt.toISOString(),
      ...(one.class && { bounceType: BOUNCE_TYPES[one.class] }),
      ...(one.code && { code: one.code, reason: BOUNCE_CODES[one.code as BounceCode].label }),
      provider: one.account,
      ...(one.providerMessageId && { providerMessageId: one.providerMessageId }),
      ...(one.detail && { detail: one.detail }),
    })),
  };
}

import { describeCode, type OutcomeCode } from '@outrigger/core';
import type { MessageEvent } from '@outrigger/store';

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

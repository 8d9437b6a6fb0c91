import { executionIdText, type Refusal, refuse } from '@outrigger/core';
import type { DeadLetter, DeadLetterCase, MessageEvent } from '@outrigger/store';
import { codeFields, eventBody } from './event-body.ts';

/** A dead letter in a list. */
export function letterBody(letter: DeadLetter) {
  return {
    messageId: letter.messageId,
    campaignId: letter.campaignId,
    lane: letter.lane,
    state: letter.state,
    ...codeFields(letter.code),
    ...(letter.provider && { provider: letter.provider }),
    ...(letter.detail && { detail: letter.detail }),
    attempt: letter.attempt,
    possibleDuplicate: letter.possibleDuplicate,
    diedAt: letter.createdAt.toISOString(),
  };
}

/** One dead letter in full: what happened, what the provider said last, and what may be done. */
export function caseBody(found: DeadLetterCase, events: MessageEvent[], showRecipient: boolean) {
  const answered = events.findLast((event) => event.provider);
  const obstacle = obstacleTo(found);
  return {
    ...letterBody(found.letter),
    executionId: executionIdText(found.endpoint, found.executionId),
    campaignStatus: found.campaignStatus,
    ...(answered && { lastAnswer: eventBody(answered) }),
    events: events.map(eventBody),
    ...(showRecipient && { recipient: found.recipient ?? null }),
    actions: [
      {
        actionType: 'REDRIVE',
        available: obstacle === undefined,
        ...(obstacle && { why: obstacle.title }),
        ...(found.letter.state === 'unknown' && { needs: 'includeUnknown' }),
      },
      { actionType: 'EXPIRE', available: true },
    ],
  };
}

/** What would end the message at once if it were sent again now. */
export function obstacleTo(found: DeadLetterCase): Refusal | undefined {
  const { campaignId } = found.letter;
  if (!['LIVE', 'SCHEDULED', 'COMPLETED'].includes(found.campaignStatus)) {
    const title = `The campaign is ${found.campaignStatus.toLowerCase()}: the message would be canceled. Give it up, or leave it.`;
    return refuse('OPS-000004', title, { campaignId });
  }
  if (found.canceledBy) {
    const title = 'A brake with the action cancel is in force: the message would be canceled. Release the brake first.';
    return refuse('OPS-000004', title, { brakeId: found.canceledBy });
  }
  return found.recipient === undefined ? refuse('OPS-000005') : undefined;
}

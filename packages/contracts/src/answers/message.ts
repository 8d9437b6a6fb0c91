import { BOUNCE_CODES, FEEDBACK_FACTS, FEEDBACK_STATUSES, GATE_FINDINGS, MESSAGE_STATES } from '@outrigger/core';
import { z } from 'zod';

export const answerInstant = z.iso.datetime();
const outcomeCode = {
  code: z.string().optional().describe('Why: see docs/codes.md'),
  reason: z.string().optional().describe('The published name of the code, or its meaning in words'),
};

/** One thing that happened to a message. */
export const messageEvent = z
  .object({
    state: z.enum(MESSAGE_STATES),
    at: answerInstant,
    attempt: z.int(),
    ...outcomeCode,
    provider: z.string().optional(),
    providerMessageId: z.string().optional(),
    possibleDuplicate: z.literal(true).optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'MessageEvent' });

/** What one gate found in the latest attempt at a message. */
export const gateFinding = z
  .object({
    gate: z.string(),
    asks: z.string(),
    found: z
      .enum(GATE_FINDINGS)
      .describe('not_asked: not for this kind of message; not_reached: stopped before, or not tried yet'),
    ...outcomeCode,
    detail: z.string().optional(),
  })
  .meta({ id: 'GateFinding' });

/** One thing that the provider reported of a message after it took it. Facts never change the state. */
export const feedbackFact = z
  .object({
    fact: z.enum(FEEDBACK_FACTS),
    at: answerInstant.describe('When it happened, as the provider says, unless that cannot be true'),
    receivedAt: answerInstant,
    bounceType: z.enum(['Hard', 'Soft', 'Ignored']).optional(),
    code: z.enum(Object.keys(BOUNCE_CODES) as [keyof typeof BOUNCE_CODES]).optional(),
    reason: z.string().optional().describe('The label of the code'),
    provider: z.string().describe('The account that reported it'),
    providerMessageId: z.string().optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'FeedbackFact' });

/** One message of an execution with everything that happened to it, oldest first. */
export const messageAccount = z
  .object({
    messageId: z.uuid(),
    recipientIndex: z.int().describe('Place of the recipient in the call, from 0'),
    lane: z.string(),
    state: z.enum(MESSAGE_STATES),
    ...outcomeCode,
    acceptedAt: answerInstant,
    expiresAt: answerInstant,
    eligibleAt: answerInstant.optional().describe('When it is next tried, for a message that waits'),
    gates: z.array(gateFinding).describe('Why: each gate in the order in which it is asked, and what it found'),
    events: z.array(messageEvent),
    metadata: z
      .record(z.string(), z.string())
      .optional()
      .describe('What the metadata tags of its content noted at the latest attempt'),
    feedbackStatus: z.enum(FEEDBACK_STATUSES).optional().describe('What the facts come to, whatever their order'),
    feedback: z.array(feedbackFact),
  })
  .meta({ id: 'MessageAccount' });

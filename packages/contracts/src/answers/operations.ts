import { z } from 'zod';
import { answerInstant, messageEvent } from './message.ts';

const deadLetterMembers = {
  messageId: z.uuid(),
  campaignId: z.uuid(),
  lane: z.string(),
  state: z.enum(['failed', 'unknown']),
  code: z.string(),
  reason: z.string(),
  provider: z.string().optional(),
  detail: z.string().optional(),
  attempt: z.int(),
  possibleDuplicate: z.boolean(),
  diedAt: answerInstant,
};
export const deadLetter = z.object(deadLetterMembers).meta({ id: 'DeadLetter' });

export const deadLetterPage = z.object({
  data: z.array(deadLetter),
  _page: z.object({ count: z.int(), totalCount: z.int(), next: z.string().nullable() }),
});

export const deadLetterCase = z
  .object({
    ...deadLetterMembers,
    executionId: z.string(),
    campaignStatus: z.string(),
    lastAnswer: messageEvent.optional(),
    events: z.array(messageEvent),
    recipient: z.unknown().optional().describe('Only with the scope manage'),
    actions: z.array(
      z.object({
        actionType: z.enum(['REDRIVE', 'EXPIRE']),
        available: z.boolean(),
        why: z.string().optional(),
        needs: z.literal('includeUnknown').optional(),
      }),
    ),
  })
  .meta({ id: 'DeadLetterCase' });

const brakeOutline = {
  brakeId: z.uuid(),
  scope: z.enum(['campaign', 'tenant', 'lane', 'provider']),
  target: z.string(),
  action: z.enum(['pause', 'throttle', 'cancel']),
  ratePerSecond: z.number().optional(),
  createdAt: answerInstant,
};
export const redriveOneAnswer = z.object({
  redriven: z.literal(1),
  messageId: z.uuid(),
  executionId: z.string(),
  possibleDuplicate: z.boolean(),
});
export const redriveManyAnswer = z.object({ redriven: z.int(), remaining: z.int() });
export const expireAnswer = z.object({ expired: z.int() });

export const brakeAnswer = z
  .object({ ...brakeOutline, createdBy: z.string(), heldMessages: z.int() })
  .meta({ id: 'Brake' });
export const releasedBrake = z.object({ ...brakeAnswer.shape, releasedAt: answerInstant.optional() });
export const brakeList = z.object({ data: z.array(brakeAnswer) });
export const tenantBrakeList = z.object({
  data: z.array(brakeAnswer),
  everybody: z.array(z.object(brakeOutline)).describe('Those on lanes and providers, which concern every tenant'),
});

export const accountReport = z
  .object({
    from: answerInstant,
    to: answerInstant,
    accepted: z.int(),
    ended: z.int(),
    waiting: z.int(),
    lost: z.int().describe('Accepted, and neither ended nor waiting: always 0, or something is broken'),
  })
  .meta({ id: 'Account' });

export const backlogList = z.object({
  data: z.array(
    z.looseObject({
      lane: z.string(),
      oldestAgeMs: z.number().nullable(),
      nextDueAt: answerInstant.nullable(),
    }),
  ),
});

export const auditList = z.object({
  data: z.array(
    z.object({
      at: answerInstant,
      actor: z.string(),
      action: z.string(),
      target: z.string(),
      detail: z.looseObject({}),
    }),
  ),
});

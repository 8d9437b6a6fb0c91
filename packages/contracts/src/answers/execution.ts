import { z } from 'zod';
import { answerInstant, messageAccount } from './message.ts';

/** What a trigger call is answered with (spec 6.3). */
export const executionResponse = z
  .object({
    executionId: z.string(),
    requestId: z.string(),
    createdAt: answerInstant,
    createdBy: z.string(),
    modifiedAt: answerInstant,
    modifiedBy: z.string(),
  })
  .meta({ id: 'ExecutionResponse' });

export const executionAccount = z
  .object({
    executionId: z.string(),
    requestId: z.string(),
    campaignId: z.uuid(),
    versionId: z.uuid(),
    createdAt: answerInstant,
    createdBy: z.string(),
    messages: z.array(messageAccount),
  })
  .meta({ id: 'ExecutionAccount' });

/** One message by itself: its account, and where it came from. */
export const messageReport = z
  .object({
    executionId: z.string(),
    requestId: z.string(),
    campaignId: z.uuid(),
    versionId: z.uuid(),
    ...messageAccount.shape,
  })
  .meta({ id: 'MessageReport' });

export const healthReport = z
  .looseObject({ status: z.enum(['up', 'down']) })
  .meta({ id: 'Health', description: 'And for each dependency whether it is up or down' });

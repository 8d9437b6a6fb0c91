import { SMS_LIMIT } from '@outrigger/core';
import { z } from 'zod';
import { rcsContent } from './rcs.ts';

/**
 * SMS, MMS and RCS content (spec 4.2). `text` is what a phone without RCS gets. 1,500 characters at most, 1,600 for MMS; what
 * personalisation adds is checked again when it is rendered.
 */
export const smsContent = z
  .strictObject({
    messageType: z.enum(['sms', 'mms', 'rcs']).default('sms'),
    text: z.string().max(SMS_LIMIT.mms),
    title: z.string().max(1_000).optional().describe('the subject of an MMS'),
    mediaUri: z.string().max(2_000).optional().describe('https address of the picture, sound or film of an MMS'),
    rcs: rcsContent.optional().describe('what phones with RCS show; the others get the text'),
  })
  .refine(({ messageType, text }) => text.length <= SMS_LIMIT[messageType], {
    path: ['text'],
    message: `must have at most ${SMS_LIMIT.sms} characters, or ${SMS_LIMIT.mms} in an MMS`,
  });
export type SmsContent = z.infer<typeof smsContent>;

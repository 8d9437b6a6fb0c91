import { z } from 'zod';

/** SMS content (spec 4.2): 1,500 characters at most; what personalisation adds is checked again when it is rendered. */
export const smsContent = z.strictObject({
  messageType: z.enum(['sms']).default('sms'),
  text: z.string().max(1_500),
});
export type SmsContent = z.infer<typeof smsContent>;

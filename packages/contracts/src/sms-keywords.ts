import { z } from 'zod';

const words = z
  .array(
    z
      .string()
      .min(1)
      .max(50)
      .regex(/^[^\p{Cc}]*[^\p{Cc}\s][^\p{Cc}]*$/u, 'must be a word'),
  )
  .min(1)
  .max(50);
const reply = z
  .string()
  .min(1)
  .max(1_500)
  .regex(/^(?!.*\{[{%])[^\0]*$/s, 'is sent as it stands: it has no variables');

/** What a sender understands of the texts that come in, and what it answers (spec 10.4). Without an answer it says nothing. */
export const smsKeywords = z.strictObject({
  opt_out: words.optional().describe('takes the place of STOP, QUIT, CANCEL, END, UNSUBSCRIBE and NO'),
  opt_in: words.optional().describe('takes the place of SUBSCRIBE, YES, UNSTOP, START, CONTINUE, RESUME and BEGIN'),
  help: words.optional().describe('takes the place of HELP, INFO and INFORMATION'),
  opt_out_reply: reply.optional(),
  opt_in_reply: reply.optional(),
  help_reply: reply.optional(),
});

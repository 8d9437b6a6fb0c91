import { z } from 'zod';

export const sandboxConfig = z.object({
  SMS_PROVIDER: z
    .literal('sandbox')
    .describe('Send nothing: keep every text message for a developer to look at. Some numbers play failures.'),
});

import { z } from 'zod';

export const sandboxConfig = z.object({
  EMAIL_PROVIDER: z
    .literal('sandbox')
    .describe('Send nothing: keep every email for a developer to look at. Some recipients play failures.'),
});

import { z } from 'zod';

export const sandboxConfig = z.object({
  PUSH_PROVIDER: z
    .literal('sandbox')
    .describe('Send nothing: keep every push message for a developer to look at. Some tokens play failures.'),
});

import { z } from 'zod';

/** What both must agree on: who takes the address of a webhook, and who calls it. */
export const webhookConfig = z.object({
  WEBHOOK_ALLOW_INSECURE: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe(
      'Webhooks may have http addresses, and lead to private ones. For development; never where others set up webhooks',
    ),
});

import { attachmentsConfig, refuseContradictions } from '@outrigger/attachments';
import { tokenConfig } from '@outrigger/pipeline/token-config';
import { webhookConfig } from '@outrigger/pipeline/webhooks/webhook-config';
import { httpConfig, ledgerConfig, logConfig } from '@outrigger/runtime';
import { z } from 'zod';

/** Everything the control service reads from its environment. */
export const controlConfig = ledgerConfig
  .extend(httpConfig.shape)
  .extend(logConfig.shape)
  .extend(tokenConfig.shape)
  .extend(attachmentsConfig.shape)
  .extend(webhookConfig.shape)
  .extend({
    INGRESS_URL: z.url().default('http://localhost:8080').describe('Public address of the ingress, for sample calls'),
    SANDBOX_VIEWER: z
      .enum(['true', 'false'])
      .default('false')
      .transform((value) => value === 'true')
      .describe(
        'Shows at /sandbox what the sandbox providers kept, of every tenant and without a key. Never in production',
      ),
  })
  .superRefine(refuseContradictions);

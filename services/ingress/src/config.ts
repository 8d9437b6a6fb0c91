import { tokenConfig } from '@outrigger/pipeline/token-config';
import { httpConfig, ledgerConfig, logConfig, queueConfig } from '@outrigger/runtime';
import { z } from 'zod';

const whole = z.coerce.number().int().min(0);

/** Everything the ingress reads from its environment. */
export const ingressConfig = ledgerConfig
  .extend(queueConfig.shape)
  .extend(httpConfig.shape)
  .extend(logConfig.shape)
  .extend(tokenConfig.shape)
  .extend({
    MAX_LANE_AGE_MS: whole
      .default(120_000)
      .describe('A transactional lane whose oldest message waits longer than this answers 503 to new calls'),
    MAX_BULK_AGE_MS: whole.default(6 * 60 * 60_000).describe('The same for the lanes of audience traffic'),
    MAX_TENANT_BACKLOG: whole
      .default(1_000_000)
      .describe('Messages that one tenant may have waiting in a lane; over it, its calls are answered 429'),
    TENANT_RATE: whole
      .default(0)
      .describe('Messages a second that a tenant may have accepted by each ingress process; 0: no limit'),
    TENANT_RATE_HT: whole.default(0).describe('The same for high throughput'),
  });

import { httpConfig, ledgerConfig, logConfig, queueConfig, workerConfig } from '@outrigger/runtime';
import { z } from 'zod';

/** Everything the dispatcher reads from its environment. */
export const dispatcherConfig = ledgerConfig
  .extend(queueConfig.shape)
  .extend(httpConfig.shape)
  .extend(logConfig.shape)
  .extend({
    PROVIDER_TIMEOUT_MS: workerConfig.shape.PROVIDER_TIMEOUT_MS,
    UNKNOWN_WINDOW_MS: workerConfig.shape.UNKNOWN_WINDOW_MS,
    JANITOR_EVERY_MS: z.coerce.number().int().min(100).default(1_000).describe('How often the janitor looks'),
    MAX_BULK_WAITING: z.coerce
      .number()
      .int()
      .min(100)
      .default(20_000)
      .describe('Messages of one tenant that may wait in a bulk lane before an audience is read on'),
    SWEEP_AFTER_MS: z.coerce
      .number()
      .int()
      .min(100)
      .default(30_000)
      .describe('A due batch that the queue was given longer ago than this is put in again'),
  });

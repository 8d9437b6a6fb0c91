import { smsProviderConfig } from '@outrigger/channel-sms';
import { workerServiceConfig } from '@outrigger/pipeline';
import { z } from 'zod';

/** Everything the sms worker reads from its environment. Without SMS_PROVIDER it delivers to the sandbox. */
export const smsWorkerConfig = z.preprocess(
  (env) => ({ SMS_PROVIDER: 'sandbox', ...(env as object) }),
  z.intersection(workerServiceConfig, smsProviderConfig),
);

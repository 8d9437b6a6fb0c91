import { emailProviderConfig } from '@outrigger/channel-email';
import { workerServiceConfig } from '@outrigger/pipeline';
import { z } from 'zod';

/** Everything the email worker reads from its environment. Without EMAIL_PROVIDER it delivers to the sandbox. */
export const emailWorkerConfig = z.preprocess(
  (env) => ({ EMAIL_PROVIDER: 'sandbox', ...(env as object) }),
  z.intersection(workerServiceConfig, emailProviderConfig),
);

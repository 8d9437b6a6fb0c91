import { pushProviderConfig } from '@outrigger/channel-push';
import { workerServiceConfig } from '@outrigger/pipeline';
import { z } from 'zod';

/** Everything the push worker reads from its environment. Without PUSH_PROVIDER it delivers to the sandbox. */
export const pushWorkerConfig = z.preprocess(
  (env) => ({ PUSH_PROVIDER: 'sandbox', ...(env as object) }),
  z.intersection(workerServiceConfig, pushProviderConfig),
);

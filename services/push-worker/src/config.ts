import { pushProviderConfig } from '@outrigger/channel-push';
import { workerServiceConfig } from '@outrigger/pipeline';

/** Everything the push worker reads from its environment. Without PUSH_PROVIDER and PUSH_ACCOUNTS it delivers to the sandbox. */
export const pushWorkerConfig = workerServiceConfig('push', pushProviderConfig);

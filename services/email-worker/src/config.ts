import { attachmentsConfig, refuseContradictions } from '@outrigger/attachments';
import { emailProviderConfig } from '@outrigger/channel-email';
import { workerServiceConfig } from '@outrigger/pipeline';

/** Everything the email worker reads from its environment. Without EMAIL_PROVIDER and EMAIL_ACCOUNTS it delivers to the sandbox. */
export const emailWorkerConfig = workerServiceConfig('email', emailProviderConfig, attachmentsConfig.shape).superRefine(
  refuseContradictions,
);

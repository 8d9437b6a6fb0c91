import { smsProviderConfig } from '@outrigger/channel-sms';
import { workerServiceConfig } from '@outrigger/pipeline';

/** Everything the sms worker reads from its environment. Without SMS_PROVIDER and SMS_ACCOUNTS it delivers to the sandbox. */
export const smsWorkerConfig = workerServiceConfig('sms', smsProviderConfig);

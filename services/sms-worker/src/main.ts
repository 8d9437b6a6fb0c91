/** The sms worker: delivers the sms lanes through the provider accounts of its configuration. */
import { createSmsChannel, createSmsProvider } from '@outrigger/channel-sms';
import { startWorkerService } from '@outrigger/pipeline';
import { createLog, loadConfig, runService } from '@outrigger/runtime';
import { smsWorkerConfig } from './config.ts';

const config = loadConfig(smsWorkerConfig, process.env);
const log = createLog('sms-worker', config.LOG_LEVEL);

await runService(log, (parts) =>
  startWorkerService(config, 'sms', log, parts, {
    createProvider: createSmsProvider,
    createChannel: createSmsChannel,
  }),
);

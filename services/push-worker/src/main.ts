/** The push worker: delivers the push lanes through the provider accounts of its configuration. */
import { createPushChannel, createPushProvider } from '@outrigger/channel-push';
import { startWorkerService } from '@outrigger/pipeline';
import { createLog, loadConfig, runService } from '@outrigger/runtime';
import { pushWorkerConfig } from './config.ts';

const config = loadConfig(pushWorkerConfig, process.env);
const log = createLog('push-worker', config.LOG_LEVEL);

await runService(log, (parts) =>
  startWorkerService(config, 'push', log, parts, {
    createProvider: createPushProvider,
    createChannel: createPushChannel,
  }),
);

/** The email worker: delivers the email lanes through the provider accounts of its configuration. */
import { openAttachments } from '@outrigger/attachments';
import { createEmailChannel, createEmailProvider } from '@outrigger/channel-email';
import { startWorkerService } from '@outrigger/pipeline';
import { createLog, loadConfig, runService } from '@outrigger/runtime';
import { emailWorkerConfig } from './config.ts';

const config = loadConfig(emailWorkerConfig, process.env);
const log = createLog('email-worker', config.LOG_LEVEL);

await runService(log, (parts) =>
  startWorkerService(config, 'email', log, parts, {
    createProvider: createEmailProvider,
    createChannel: createEmailChannel,
    readFile: openAttachments(config),
  }),
);

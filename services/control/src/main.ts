/** The control service: campaigns, channel configurations, profiles, operations, and the sandbox viewer. */
import { createControlApp, startCampaignRefresher, startListWorker, startProofSubmitter } from '@outrigger/api';
import { openAttachments } from '@outrigger/attachments';
import { openLedger, tokenVerifierOf } from '@outrigger/pipeline';
import { createLog, listen, loadConfig, runService } from '@outrigger/runtime';
import { controlConfig } from './config.ts';

const config = loadConfig(controlConfig, process.env);
const log = createLog('control', config.LOG_LEVEL);

await runService(log, async (parts) => {
  const pool = openLedger('control', config, log, parts);
  const listWorker = startListWorker(pool, log);
  parts.push(listWorker);
  const app = createControlApp({
    pool,
    log,
    ingressUrl: config.INGRESS_URL,
    sandboxViewer: config.SANDBOX_VIEWER,
    webhookAllowInsecure: config.WEBHOOK_ALLOW_INSECURE,
    onListWork: listWorker.wake,
    verifyToken: tokenVerifierOf(config),
    readFile: openAttachments(config),
  });
  parts.push(startCampaignRefresher(pool, log), startProofSubmitter(pool, log));
  // A file of a million rows takes minutes; all other bodies have ten seconds (runtime's readBody).
  const timeouts = { requestTimeoutMs: 6 * 60 * 60_000, headersTimeoutMs: 5_000 };
  parts.push(await listen(app, { host: config.HOST, port: config.PORT, ...timeouts }));
});

/** The ingress: the trigger API. Writes the ledger, enqueues, answers 202. */
import { createIngressApp, ingressListener } from '@outrigger/api';
import {
  createAdmission,
  createEnqueuer,
  DEFAULT_ADMISSION,
  openStores,
  startBacklogMonitor,
  tokenVerifierOf,
} from '@outrigger/pipeline';
import { createLog, listen, loadConfig, runService } from '@outrigger/runtime';
import { type HoldBack, MAX_QUEUED_MESSAGES } from '@outrigger/store';
import { startTracing } from '@outrigger/tracing';
import { ingressConfig } from './config.ts';

const config = loadConfig(ingressConfig, process.env);
const log = createLog('ingress', config.LOG_LEVEL);

await runService(log, async (parts) => {
  parts.push(await startTracing('ingress', config));
  const { pool, queueStore } = await openStores('ingress', config, log, parts);
  const backlog = startBacklogMonitor(pool, log);
  parts.push(backlog);
  const { enqueue, close } = createEnqueuer(queueStore, log, backlog);
  parts.push({ name: 'enqueuer', stop: close });

  const limits = {
    ...DEFAULT_ADMISSION,
    maxAgeMs: { standard: config.MAX_LANE_AGE_MS, ht: config.MAX_LANE_AGE_MS, bulk: config.MAX_BULK_AGE_MS },
    maxTenantBacklog: config.MAX_TENANT_BACKLOG,
    tenantRate: { standard: config.TENANT_RATE, ht: config.TENANT_RATE_HT, bulk: 0 },
  };
  const admit = createAdmission(limits, { ...backlog, now: () => performance.now() });
  const holdBack: HoldBack = (tenantId, lane) => backlog.tenantMessages(tenantId, lane) > MAX_QUEUED_MESSAGES;
  const app = createIngressApp({
    pool,
    enqueue,
    log,
    admit,
    holdBack,
    queueReachable: () => queueStore.isReachable(),
    verifyToken: tokenVerifierOf(config),
  });
  parts.push(await listen(ingressListener(app, log), { host: config.HOST, port: config.PORT }));
});

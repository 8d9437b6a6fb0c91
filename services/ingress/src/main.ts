/** The ingress: the trigger API. Writes the ledger, enqueues, answers 202. */
import { createIngressApp, ingressListener } from '@outrigger/api';
import {
  createAdmission,
  createEnqueuer,
  DEFAULT_ADMISSION,
  startBacklogMonitor,
  tokenVerifierOf,
} from '@outrigger/pipeline';
import { openQueueStore } from '@outrigger/queue';
import { createLog, errorFields, listen, loadConfig, runService } from '@outrigger/runtime';
import { type HoldBack, MAX_QUEUED_MESSAGES, openPool } from '@outrigger/store';
import { startTracing } from '@outrigger/tracing';
import { ingressConfig } from './config.ts';

const config = loadConfig(ingressConfig, process.env);
const log = createLog('ingress', config.LOG_LEVEL);

await runService(log, async (parts) => {
  parts.push(await startTracing('ingress', config));
  const pool = openPool({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    applicationName: 'outrigger ingress',
    onError: (error) => log.warn({ event: 'ledger.connection_lost', ...errorFields(error) }),
  });
  parts.push({ name: 'ledger', stop: () => pool.end() });
  const queueStore = await openQueueStore({
    queueUrl: config.QUEUE_URL,
    databaseUrl: config.DATABASE_URL,
    prefix: config.QUEUE_PREFIX,
    schema: config.QUEUE_SCHEMA,
    laneShards: config.LANE_SHARDS,
    persistence: config.QUEUE_PERSISTENCE,
    onError: (error) => log.warn({ event: 'queue.error', ...errorFields(error) }),
  });
  parts.push({ name: 'queue store', stop: () => queueStore.close() });
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

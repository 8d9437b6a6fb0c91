/** The dispatcher: audiences into messages, schedules, and the janitor that repairs what crashes and lost queues leave behind. */
import { deriveTiming } from '@outrigger/core';
import { createEnqueuer, startBacklogMonitor, startFanOut, startJanitor } from '@outrigger/pipeline';
import { openQueueStore } from '@outrigger/queue';
import {
  addHealthRoutes,
  createApp,
  createLog,
  errorFields,
  finishApp,
  listen,
  loadConfig,
  runService,
} from '@outrigger/runtime';
import { openPool } from '@outrigger/store';
import { dispatcherConfig } from './config.ts';

const config = loadConfig(dispatcherConfig, process.env);
const log = createLog('dispatcher', config.LOG_LEVEL);

await runService(log, async (parts) => {
  const pool = openPool({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    maxConnections: 4,
    applicationName: 'outrigger dispatcher',
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
  const { enqueue, enqueueMissing, close } = createEnqueuer(queueStore, log, backlog);
  parts.push({ name: 'enqueuer', stop: close });
  const app = createApp();
  addHealthRoutes(app, [{ name: 'postgres', check: () => pool.query('SELECT 1') }]);
  finishApp(app, log);
  parts.push(await listen(app, { host: config.HOST, port: config.PORT }));
  const { oldestAgeMs } = backlog;
  parts.push(startFanOut({ pool, enqueue, log, oldestAgeMs, maxWaiting: config.MAX_BULK_WAITING }));
  parts.push(
    startJanitor({
      pool,
      enqueue,
      enqueueMissing,
      log,
      everyMs: config.JANITOR_EVERY_MS,
      queueBeat: queueStore.watchMemory(),
      sweepAfterMs: config.SWEEP_AFTER_MS,
      journalGraceMs: deriveTiming(config.PROVIDER_TIMEOUT_MS).journalGraceMs,
      unknownWindowMs: config.UNKNOWN_WINDOW_MS,
    }),
  );
});

import { type ChannelPort, deriveTiming, type KeepSandboxRecord } from '@outrigger/core';
import { openQueueStore } from '@outrigger/queue';
import {
  addHealthRoutes,
  createApp,
  errorFields,
  finishApp,
  httpConfig,
  type Log,
  ledgerConfig,
  listen,
  logConfig,
  type Part,
  queueConfig,
  workerConfig,
} from '@outrigger/runtime';
import { keepSandboxRecord, openPool } from '@outrigger/store';
import { createEnqueuer } from './enqueue.ts';
import { startChannelWorker } from './worker.ts';

/** What every worker service reads from its environment; each adds its provider. */
export const workerServiceConfig = ledgerConfig
  .extend(queueConfig.shape)
  .extend(httpConfig.shape)
  .extend(logConfig.shape)
  .extend(workerConfig.shape);
export type WorkerServiceConfig = ReturnType<typeof workerServiceConfig.parse>;

/**
 * Brings up a worker service in order: ledger, queue store, health, lanes. `createChannel` is handed where sandbox
 * providers keep what they were given; what it returns is the channel that this worker serves.
 */
export async function startWorkerService<Settings, Target, Message>(
  config: WorkerServiceConfig,
  log: Log,
  parts: Part[],
  createChannel: (keep: KeepSandboxRecord) => ChannelPort<Settings, Target, Message>,
): Promise<void> {
  const pool = openPool({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    applicationName: 'outrigger worker',
    onError: (error) => log.warn({ event: 'ledger.connection_lost', ...errorFields(error) }),
  });
  parts.push({ name: 'ledger', stop: () => pool.end() });
  const queueStore = await openQueueStore({
    queueUrl: config.QUEUE_URL,
    databaseUrl: config.DATABASE_URL,
    prefix: config.QUEUE_PREFIX,
    schema: config.QUEUE_SCHEMA,
    onError: (error) => log.warn({ event: 'queue.error', ...errorFields(error) }),
  });
  parts.push({ name: 'queue store', stop: () => queueStore.close() });
  const { enqueue, close } = createEnqueuer(queueStore, log);
  parts.push({ name: 'enqueuer', stop: close });

  const app = createApp();
  const queue = { name: 'queue', check: async () => queueStore.isReachable() || Promise.reject(new Error('away')) };
  addHealthRoutes(app, [{ name: 'postgres', check: () => pool.query('SELECT 1') }, queue]);
  finishApp(app, log);
  parts.push(await listen(app, { host: config.HOST, port: config.PORT }));

  parts.push(
    await startChannelWorker({
      pool,
      queueStore,
      enqueue,
      log,
      channel: createChannel((record) => keepSandboxRecord(pool, record)),
      timing: deriveTiming(config.PROVIDER_TIMEOUT_MS),
      dataDir: config.DATA_DIR,
      laneConcurrency: config.LANE_CONCURRENCY,
      sendConcurrency: config.SEND_CONCURRENCY,
      unknownWindowMs: config.UNKNOWN_WINDOW_MS,
    }),
  );
}

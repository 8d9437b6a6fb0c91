/** The ingress: the trigger API. Writes the ledger, enqueues, answers 202. */
import { executionRoutes, healthRoute, triggerRoutes } from '@outrigger/api';
import { createAuthenticator, createEnqueuer } from '@outrigger/pipeline';
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
import { ingressConfig } from './config.ts';

const config = loadConfig(ingressConfig, process.env);
const log = createLog('ingress', config.LOG_LEVEL);

await runService(log, async (parts) => {
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
    onError: (error) => log.warn({ event: 'queue.error', ...errorFields(error) }),
  });
  parts.push({ name: 'queue store', stop: () => queueStore.close() });
  const { enqueue, close } = createEnqueuer(queueStore, log);
  parts.push({ name: 'enqueuer', stop: close });

  const ledger = { name: 'postgres', check: () => pool.query('SELECT 1') };
  const queue = { name: 'queue', check: async () => queueStore.isReachable() || Promise.reject(new Error('away')) };
  const authenticate = createAuthenticator(pool);
  const app = createApp();
  // Accepting needs the ledger alone: a queue store that is away costs time, not messages.
  addHealthRoutes(app, [ledger]);
  app.use('/ajo/im', healthRoute([ledger, queue]));
  app.use('/ajo/im', triggerRoutes({ pool, authenticate, enqueue }));
  app.use('/ajo/im', executionRoutes({ pool, authenticate }));
  finishApp(app, log);
  parts.push(await listen(app, { host: config.HOST, port: config.PORT }));
});

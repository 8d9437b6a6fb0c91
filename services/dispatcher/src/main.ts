/** The dispatcher: audiences into messages, schedules, and the janitor that repairs what crashes and lost queues leave behind. */
import { deriveTiming } from '@outrigger/core';
import { createEnqueuer, openStores, startBacklogMonitor, startFanOut, startJanitor } from '@outrigger/pipeline';
import { addHealthRoutes, createApp, createLog, finishApp, listen, loadConfig, runService } from '@outrigger/runtime';
import { dispatcherConfig } from './config.ts';

const config = loadConfig(dispatcherConfig, process.env);
const log = createLog('dispatcher', config.LOG_LEVEL);

await runService(log, async (parts) => {
  const { pool, queueStore } = await openStores('dispatcher', config, log, parts, { maxConnections: 4 });
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

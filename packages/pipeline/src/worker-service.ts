import {
  type Channel,
  type ChannelPort,
  createGrouper,
  deriveTiming,
  type KeepSandboxRecord,
  type Provider,
  type ReadFile,
  type SandboxRecord,
} from '@outrigger/core';
import type { ConfiguredAccount } from '@outrigger/flow';
import { addHealthRoutes, createApp, finishApp, type Log, listen, type Part } from '@outrigger/runtime';
import { keepSandboxRecords } from '@outrigger/store';
import { startTracing } from '@outrigger/tracing';
import { announceAccounts } from './announce-accounts.ts';
import { createEnqueuer } from './enqueue.ts';
import { ledgerOptions, openStores } from './open-stores.ts';
import { startProviderPool } from './provider-pool.ts';
import { startChannelWorker } from './worker.ts';
import { lanesFrom, type WorkerServiceConfig } from './worker-config.ts';

/** The channel that a worker serves: how its accounts become providers, and how it builds on one. */
export type WorkerChannel<Config, Settings, Target, Message> = {
  createProvider(config: Config, deps: { keep: KeepSandboxRecord }): Provider<Message>;
  createChannel(provider: Provider<Message>): ChannelPort<Settings, Target, Message>;
  readFile?: ReadFile | undefined;
};

/**
 * Brings up a worker service in order: ledger, queue store, health, provider accounts, lanes. Sandbox providers are handed where
 * to keep what they were given.
 */
export async function startWorkerService<Config, Settings, Target, Message extends { messageId: string }>(
  config: WorkerServiceConfig & { accounts: ConfiguredAccount<Config>[] },
  channelName: Channel,
  log: Log,
  parts: Part[],
  worker: WorkerChannel<Config, Settings, Target, Message>,
): Promise<void> {
  parts.push(await startTracing(`${channelName}-worker`, config));
  const timing = deriveTiming(config.PROVIDER_TIMEOUT_MS);
  const served = lanesFrom(channelName, config.LANES);
  if ('unknown' in served) throw new Error(`${served.unknown} is no lane of ${channelName}`);
  const { pool, queueStore } = await openStores('worker', config, log, parts);
  const { enqueue, close } = createEnqueuer(queueStore, log);
  parts.push({ name: 'enqueuer', stop: close });

  const app = createApp();
  const queue = { name: 'queue', check: async () => queueStore.isReachable() || Promise.reject(new Error('away')) };
  addHealthRoutes(app, [{ name: 'postgres', check: () => pool.query('SELECT 1') }, queue]);
  finishApp(app, log);
  parts.push(await listen(app, { host: config.HOST, port: config.PORT }));

  // What is sent at the same time is kept together: a commit a message would be the slowest part of the sandbox.
  const kept = createGrouper<SandboxRecord, void>({
    maxWeight: 100,
    async flush(records) {
      await keepSandboxRecords(pool, records);
      return records.map(() => undefined);
    },
  });
  const keep: KeepSandboxRecord = (record) => kept.add(record);
  const { provider, abilities, part } = await startProviderPool({
    channel: channelName,
    accounts: config.accounts,
    createProvider: (account: Config) => worker.createProvider(account, { keep }),
    ledger: ledgerOptions('worker', config, log),
    log,
    probeLeaseMs: timing.probeLeaseMs,
  });
  parts.push(part);
  parts.push(await announceAccounts(pool, channelName, abilities, log));
  parts.push(
    await startChannelWorker({
      pool,
      queueStore,
      enqueue,
      log,
      channel: worker.createChannel(provider),
      provider,
      timing,
      dataDir: config.DATA_DIR,
      lanes: served.lanes,
      laneConcurrency: config.LANE_CONCURRENCY,
      sendConcurrency: config.SEND_CONCURRENCY,
      unknownWindowMs: config.UNKNOWN_WINDOW_MS,
      attemptLog: config.ATTEMPT_LOG,
      readFile: worker.readFile,
    }),
  );
}

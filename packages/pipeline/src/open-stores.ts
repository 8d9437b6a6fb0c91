import { openQueueStore, type QueueStore } from '@outrigger/queue';
import { errorFields, type Log, type ledgerConfig, type Part, type queueConfig } from '@outrigger/runtime';
import { openPool, type Pool } from '@outrigger/store';
import type { z } from 'zod';

type LedgerConfig = z.infer<typeof ledgerConfig>;
type StoresConfig = LedgerConfig & z.infer<typeof queueConfig>;

/** The ledger as a service of this name opens it; `service` is what the database shows as the application. */
export function ledgerOptions(service: string, config: LedgerConfig, log: Log) {
  return {
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    applicationName: `outrigger ${service}`,
    onError: (error: Error) => log.warn({ event: 'ledger.connection_lost', ...errorFields(error) }),
  };
}

/** Opens the ledger of a service. It is its part, so it stops after whatever comes later. */
export function openLedger(
  service: string,
  config: LedgerConfig,
  log: Log,
  parts: Part[],
  options: { maxConnections?: number } = {},
): Pool {
  const pool = openPool({ ...ledgerOptions(service, config, log), ...options });
  parts.push({ name: 'ledger', stop: () => pool.end() });
  return pool;
}

/** Opens the ledger and the queue store of a service. They are its parts, so they stop after whatever comes later. */
export async function openStores(
  service: string,
  config: StoresConfig,
  log: Log,
  parts: Part[],
  options: { maxConnections?: number } = {},
): Promise<{ pool: Pool; queueStore: QueueStore }> {
  const pool = openLedger(service, config, log, parts, options);
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
  return { pool, queueStore };
}

import type { Lane } from '@outrigger/core';
import type { BackendFactory, IQueueBackend } from 'bullmq';
import { calmReporter } from './calm-reporter.ts';
import { openPostgresStore } from './postgres-store.ts';
import type { QueuePersistence } from './redis-fitness.ts';
import { openRedisStore } from './redis-store.ts';

export type QueueStoreOptions = {
  /** `redis://` or `rediss://` (TLS). Absent: the queues live in Postgres, on `databaseUrl`. */
  queueUrl?: string;
  databaseUrl: string;
  /** Keeps deployments that share a store apart. Letters, digits, `-` and `_`. */
  prefix: string;
  /** Postgres only: the schema of the queue tables, which nothing else may use. Default `outrigger_queue`. */
  schema?: string;
  /** Queues that share a lane; the same in every process. Default 1. */
  laneShards?: number;
  /** Redis only: whether one without an append-only file is refused. Default `required`. */
  persistence?: QueuePersistence;
  /** Connection trouble while the process runs: log it. Repeats of a message are held back for five seconds. */
  onError?(error: Error): void;
};

/**
 * Asks whether the store still has all that it was given before. `lost`: it was emptied, restarted on older data or replaced
 * since the last beat, or it was away and may not have taken something. Call it regularly.
 */
export type QueueBeat = () => Promise<'steady' | 'lost' | 'away'>;

/** BullMQ's connections to one store. Lanes open their queues and workers on it; close those first, then this. */
export type QueueStore = {
  readonly kind: 'postgres' | 'redis';
  /** False when the store is known to be away, so that a producer can fail at once. */
  isReachable(): boolean;
  /** Opens a watch over the store's memory. The first beat answers `lost`: whoever just came does not know. */
  watchMemory(): QueueBeat;
  close(): Promise<void>;
  /** For this package only. */
  readonly report: (error: unknown) => void;
  /** For this package only: BullMQ's key prefix, which Postgres does not use. */
  readonly prefix: string;
  /** For this package only: how many queues share a lane. */
  readonly laneShards: number;
  /** For this package only: what BullMQ calls the lane's queue, or that of one of its shards. */
  queueName(lane: Lane, shard?: number): string;
  /** For this package only: which of these job ids a queue holds, in whatever state. Rejects when the store is away. */
  heldJobs(queueName: string, jobIds: string[]): Promise<string[]>;
  /** For this package only: producers share one connection. */
  readonly producerBackend: BackendFactory<IQueueBackend, unknown>;
  /** For this package only: each worker has connections of its own, because it waits for jobs on one of them. */
  openWorkerBackend(worker: { concurrency: number; report: (error: unknown) => void }): Promise<WorkerBackend>;
};

export type WorkerBackend = {
  readonly factory: BackendFactory<IQueueBackend, unknown>;
  /** Lets go of the connections for good, whatever state the store and BullMQ are in. After the worker's own close. */
  release(): void;
};

/**
 * Opens the queue store. This is the one place where the two ways to run differ: Redis (or Valkey) when there is a
 * `queueUrl`, else BullMQ's Postgres backend, whose tables are created and migrated here.
 *
 * Rejects on a wrong address, a Redis that may evict queue keys or keeps nothing on disk (see `redis-fitness.ts`), or a
 * Postgres that cannot be reached. A Redis that cannot be reached is only reported: accepting must go on without it, and the janitor enqueues when it is back.
 */
export async function openQueueStore(options: QueueStoreOptions): Promise<QueueStore> {
  if (!/^[A-Za-z0-9_-]+$/.test(options.prefix)) {
    throw new Error(`queue prefix ${JSON.stringify(options.prefix)}: use letters, digits, "-" and "_"`);
  }
  const { laneShards = 1, persistence = 'required' } = options;
  const report = calmReporter(options.onError ?? (() => undefined));
  if (options.queueUrl === undefined) {
    const schema = options.schema ?? 'outrigger_queue';
    return openPostgresStore({ databaseUrl: options.databaseUrl, schema, prefix: options.prefix, laneShards, report });
  }
  return openRedisStore({ url: options.queueUrl, prefix: options.prefix, laneShards, persistence, report });
}

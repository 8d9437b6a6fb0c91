import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRedisBackend, QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import { createBeat } from './beat.ts';
import { shardName } from './lane-shard.ts';
import { isRedisUrl, openRedis } from './redis-client.ts';
import { type QueuePersistence, unfitness } from './redis-fitness.ts';
import type { QueueStore, WorkerBackend } from './store.ts';

/** A producer gives up after this long: its caller has a person waiting, and the janitor repairs what was not added. */
const PRODUCER_LIMIT_MS = 1_500;

/**
 * A socket that owes an answer for this long is dead and replaced. Longer than the ten seconds that BullMQ's blocking
 * wait may last, far shorter than the quarter of an hour TCP takes to notice a peer that vanished.
 */
const WORKER_SILENCE_LIMIT_MS = 15_000;
/** The counter of a process that is gone is forgotten after this. */
const BEAT_KEPT_S = 24 * 60 * 60;

const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 2_000);

type Options = {
  url: string;
  prefix: string;
  laneShards: number;
  persistence: QueuePersistence;
  report: (error: unknown) => void;
};

/** See `openQueueStore`. Redis 6.2 or newer, or Valkey, with AOF on and `maxmemory-policy noeviction`. */
export async function openRedisStore(options: Options): Promise<QueueStore> {
  const { url, prefix, laneShards, persistence, report } = options;
  assertRedisUrl(url);
  // No offline queue: a producer must hear at once that nothing was added, rather than have it added an hour later.
  const producer = openRedis(url, {
    retryStrategy,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: PRODUCER_LIMIT_MS,
    commandTimeout: PRODUCER_LIMIT_MS,
    socketTimeout: 2 * PRODUCER_LIMIT_MS,
  });
  producer.on('error', report);

  try {
    await once(producer, 'ready', { signal: AbortSignal.timeout(PRODUCER_LIMIT_MS) });
  } catch {
    report(new Error(`queue store: ${withoutSecrets(url)} cannot be reached; going on without it until it is back`));
  }
  const problem = producer.status === 'ready' ? await unfitness(producer, persistence) : undefined;
  if (problem !== undefined) {
    producer.disconnect();
    throw new Error(problem);
  }
  // The store may be replaced, or reconfigured and restarted, while we run.
  producer.on('ready', async () => {
    const found = await unfitness(producer, persistence);
    if (found !== undefined) report(new Error(found));
  });

  return {
    kind: 'redis',
    report,
    prefix,
    isReachable: () => producer.status === 'ready',
    watchMemory: () => {
      // A counter of our own, in a cluster on one of its nodes: emptied, it starts at one again; on older data it goes back; on a replica that lost it, too.
      const key = `${prefix}:beat:${randomUUID()}`;
      let count = 0;
      return createBeat(async () => {
        const before = count;
        count = await producer.incr(key);
        await producer.expire(key, BEAT_KEPT_S);
        return count === before + 1;
      });
    },
    close: async () => {
      producer.disconnect();
    },
    // The braces are a Redis Cluster hash tag: all keys of a lane share a slot, lanes spread over the nodes.
    laneShards,
    queueName: (lane, shard = 0) => `{${shardName(lane, shard)}}`,
    // A look at the jobs' own keys: BullMQ's `getState` searches the lists, which are as long as the backlog.
    heldJobs: async (queueName, jobIds) => {
      const keys = new QueueKeys(prefix);
      const found = await Promise.all(jobIds.map((jobId) => producer.exists(keys.toKey(queueName, jobId))));
      return jobIds.filter((_, place) => found[place] === 1);
    },
    producerBackend: (name, options) =>
      // Without the version check BullMQ sends nothing while it connects. A failure there would stay for good.
      createRedisBackend(name, { ...options, connection: producer, skipVersionCheck: true }),
    openWorkerBackend: async (worker) => openWorkerConnections(url, prefix, worker.report),
  };
}

function openWorkerConnections(url: string, prefix: string, report: (error: unknown) => void): WorkerBackend {
  // A worker waits for the store for as long as it takes (null: no limit of retries).
  const options = { retryStrategy, maxRetriesPerRequest: null, socketTimeout: WORKER_SILENCE_LIMIT_MS };
  const commands = openRedis(url, options);
  const waiting = openRedis(url, options);
  // BullMQ takes its listeners off before the sockets have gone.
  commands.on('error', report);
  waiting.on('error', report);

  return {
    // What `createRedisBackend` builds, from connections that are ours to end.
    factory: (name, workerOptions) => {
      const keys = new QueueKeys(prefix);
      const toKey = (type: string): string => keys.toKey(name, type);
      return new RedisQueueBackend(
        new RedisConnection(commands, { shared: false, blocking: true }),
        name,
        keys.getKeys(name),
        toKey,
        { ...workerOptions, connection: commands },
        new RedisConnection(waiting, { shared: false, blocking: true }),
      );
    },
    release: () => {
      for (const connection of [commands, waiting]) {
        // Parts of BullMQ that were in the middle of a recovery would connect again, and keep the process alive.
        connection.connect = () => Promise.reject(new Error('the worker is closed'));
        connection.disconnect();
      }
    },
  };
}

function assertRedisUrl(url: string): void {
  if (isRedisUrl(url)) return;
  throw new Error(`queue store: ${withoutSecrets(url)} is not a redis://, rediss:// or redis+cluster:// address`);
}

function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'the queue address';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

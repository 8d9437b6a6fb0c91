import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

/** One Redis, or a Redis Cluster; BullMQ and we speak to both in the same words. */
export type RedisClient = Redis | Cluster;

/** The map of a cluster may be late on a busy machine; what is known goes on working meanwhile. ioredis gives up after one second. */
const SLOTS_WITHIN_MS = 5_000;

const CLUSTER = /^redis(s?)\+cluster:$/;

/** Whether this is an address that `openRedis` takes. */
export function isRedisUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (/^rediss?:$/.test(protocol) || CLUSTER.test(protocol)) && hostname !== '';
}

/**
 * Opens a client: `redis://` and `rediss://` (TLS) for one server, `redis+cluster://` and `rediss+cluster://` for a cluster, whose
 * other nodes are found from the named one; `?seed=host:port` names more to ask when that one is away.
 */
export function openRedis(url: string, options: RedisOptions): RedisClient {
  const { protocol, hostname, port, username, password, searchParams } = new URL(url);
  const cluster = CLUSTER.exec(protocol);
  if (!cluster) return new Redis(url, options);
  const seeds = searchParams.getAll('seed').map((seed) => {
    const at = seed.lastIndexOf(':');
    return at < 0 ? { host: seed, port: 6379 } : { host: seed.slice(0, at), port: Number(seed.slice(at + 1)) };
  });
  const { retryStrategy, enableOfflineQueue, maxRetriesPerRequest, ...ofNodes } = options;
  const clusterOptions: ClusterOptions = {
    slotsRefreshTimeout: SLOTS_WITHIN_MS,
    ...(retryStrategy && { clusterRetryStrategy: (times: number) => retryStrategy(times) ?? null }),
    ...(enableOfflineQueue !== undefined && { enableOfflineQueue }),
    redisOptions: {
      ...ofNodes,
      ...(maxRetriesPerRequest !== undefined && { maxRetriesPerRequest }),
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(cluster[1] === 's' && { tls: {} }),
    },
  };
  return new Cluster([{ host: hostname, port: Number(port) || 6379 }, ...seeds], clusterOptions);
}

/** The servers behind a client that keep keys, for questions that are asked of a server. */
export function serversOf(client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

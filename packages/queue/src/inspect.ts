import type { Redis } from 'ioredis';
import { isRedisUrl, openRedis, serversOf } from './redis-client.ts';

/** What a look at a Redis or Valkey tells of its fitness to hold queues. */
export type RedisFacts = {
  /** Host and port, where there are several. */
  server: string;
  version: string;
  evictionPolicy: string;
  appendOnly: boolean;
  /** `master`, `slave` or `sentinel`, in Redis' own words. */
  role: string;
  usedMemoryBytes: number;
  /** 0: no limit. */
  maxMemoryBytes: number;
  /** The server's clock at the moment of the answer. */
  nowAt: Date;
};

const PATIENCE_MS = 3_000;

/** Looks at each server behind a queue address: one, or those of a cluster. Throws when they cannot be reached in three seconds. */
export async function readRedisFacts(url: string): Promise<RedisFacts[]> {
  if (!isRedisUrl(url)) throw new Error('it is not a redis://, rediss:// or redis+cluster:// address');
  const client = openRedis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The rejection says no more than that the connection is closed; the event has the reason.
  let reason: unknown;
  client.on('error', (error) => {
    reason = error;
  });
  try {
    await client.connect();
    return await Promise.all(serversOf(client).map(readServer));
  } catch (error) {
    throw reason ?? error;
  } finally {
    client.disconnect();
  }
}

async function readServer(redis: Redis): Promise<RedisFacts> {
  const info = await redis.info();
  const [seconds, micros] = await redis.time();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    server: `${redis.options.host}:${redis.options.port}`,
    version: field('redis_version'),
    evictionPolicy: field('maxmemory_policy'),
    appendOnly: field('aof_enabled') === '1',
    role: field('role'),
    usedMemoryBytes: Number(field('used_memory')),
    maxMemoryBytes: Number(field('maxmemory')),
    nowAt: new Date(Number(seconds) * 1_000 + Number(micros) / 1_000),
  };
}

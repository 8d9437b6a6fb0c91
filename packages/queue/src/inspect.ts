import { Redis } from 'ioredis';

/** What a look at a Redis or Valkey tells of its fitness to hold queues. */
export type RedisFacts = {
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

/** Looks at the server behind a `redis://` address. Throws when it cannot be reached in three seconds. */
export async function readRedisFacts(url: string): Promise<RedisFacts> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The failure arrives as a rejection; the event would end the process.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const info = await redis.info();
    const [seconds, micros] = await redis.time();
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    return {
      version: field('redis_version'),
      evictionPolicy: field('maxmemory_policy'),
      appendOnly: field('aof_enabled') === '1',
      role: field('role'),
      usedMemoryBytes: Number(field('used_memory')),
      maxMemoryBytes: Number(field('maxmemory')),
      nowAt: new Date(Number(seconds) * 1_000 + Number(micros) / 1_000),
    };
  } finally {
    redis.disconnect();
  }
}

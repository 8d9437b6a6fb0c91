import { randomBytes } from 'node:crypto';
import { PostgresConnection } from 'bullmq';
import { Redis } from 'ioredis';
import { openQueueStore, type QueueStore } from '../src/index.ts';

/** One kind of store under test. Each test file makes its own, so each has a schema and a key prefix of its own. */
export type StoreUnderTest = {
  kind: 'redis' | 'postgres';
  /** A reason not to run, or false. */
  skip: string | false;
  prefix: string;
  schema: string;
  databaseUrl: string;
  queueUrl?: string;
  /** Opens the store, over `via` (a proxy's port) when given. */
  open(options?: {
    via?: number;
    onError?(error: Error): void;
    prefix?: string;
    laneShards?: number;
  }): Promise<QueueStore>;
  /** Removes what the tests left behind. */
  dispose(): Promise<void>;
};

export function storesUnderTest(): StoreUnderTest[] {
  const databaseUrl = process.env.TEST_DATABASE_URL;
  if (databaseUrl === undefined) throw new Error('TEST_DATABASE_URL is required: a Postgres that tests may write to');
  return [underTest('postgres', databaseUrl), underTest('redis', databaseUrl, process.env.TEST_REDIS_URL)];
}

function underTest(kind: 'redis' | 'postgres', databaseUrl: string, queueUrl?: string): StoreUnderTest {
  const prefix = `test_${randomBytes(5).toString('hex')}`;
  const schema = `queue_${prefix}`;
  const absent = kind === 'redis' && queueUrl === undefined;
  return {
    kind,
    skip: absent ? 'did not run: TEST_REDIS_URL is not set' : false,
    prefix,
    schema,
    databaseUrl,
    ...(queueUrl === undefined ? {} : { queueUrl }),
    open: ({ via, onError, prefix: otherPrefix, laneShards } = {}) =>
      openQueueStore({
        databaseUrl: through(databaseUrl, via),
        ...(queueUrl === undefined ? {} : { queueUrl: through(queueUrl, via) }),
        prefix: otherPrefix ?? prefix,
        schema,
        ...(onError === undefined ? {} : { onError }),
        ...(laneShards === undefined ? {} : { laneShards }),
      }),
    dispose: async () => {
      if (absent) return;
      if (queueUrl === undefined) await dropSchema(databaseUrl, schema);
      else await dropKeys(queueUrl, prefix);
    },
  };
}

/** Where the store listens, for a proxy in front of it. */
export function addressOf(store: StoreUnderTest): { host: string; port: number } {
  const url = new URL(store.queueUrl ?? store.databaseUrl);
  return { host: url.hostname, port: Number(url.port || (store.kind === 'redis' ? 6379 : 5432)) };
}

function through(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  const url = new URL(address);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}

async function dropSchema(connectionString: string, schema: string): Promise<void> {
  const connection = new PostgresConnection({ connectionString, max: 1 });
  await connection.pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await connection.close();
}

async function dropKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.del(...keys);
  await redis.quit();
}

/** Resolves when `check` holds. Fails the test when it still does not after `limitMs`. */
export async function eventually(check: () => Promise<boolean> | boolean, limitMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > giveUpAt) throw new Error(`still not so after ${limitMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import { randomBytes } from 'node:crypto';
import { openQueueStore, type QueueStore } from '@outrigger/queue';
import pg from 'pg';
import { testDatabaseUrl } from './ledger.ts';

/** The queue stores that tests run over. Redis is there when the test command found one; it says so when not. */
export const QUEUE_STORES: { kind: 'postgres' | 'redis'; skip: string | false }[] = [
  { kind: 'postgres', skip: false },
  { kind: 'redis', skip: process.env.TEST_REDIS_URL ? false : 'no Redis was found: this half did not run' },
];

export type TestQueues = { store: QueueStore; environment: Record<string, string>; remove(): Promise<void> };

/** Opens a queue store with a prefix and schema of its own, and the environment that makes a service use it. */
export async function openTestQueues(
  kind: 'postgres' | 'redis',
  onError?: (error: Error) => void,
): Promise<TestQueues> {
  const name = `t${randomBytes(6).toString('hex')}`;
  const databaseUrl = testDatabaseUrl();
  const queueUrl = kind === 'redis' ? process.env.TEST_REDIS_URL : undefined;
  const store = await openQueueStore({ queueUrl, databaseUrl, prefix: name, schema: `queue_${name}`, onError });
  return {
    store,
    environment: {
      QUEUE_PREFIX: name,
      QUEUE_SCHEMA: `queue_${name}`,
      ...(queueUrl !== undefined && { QUEUE_URL: queueUrl }),
    },
    async remove() {
      await store.close();
      if (kind === 'redis') return;
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS queue_${name} CASCADE`);
      await client.end();
    },
  };
}

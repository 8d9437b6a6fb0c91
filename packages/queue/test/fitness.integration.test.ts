import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { findFreePort } from '@outrigger/local/ports.ts';
import { Redis } from 'ioredis';
import { openQueueStore, type QueueStoreOptions } from '../src/index.ts';
import { eventually } from './stores.ts';

const { TEST_REDIS_SERVER: command, TEST_REDIS_LIBRARY_PATH: libraryPath } = process.env;
/** What the queues want of a Redis; each test takes one thing away. */
const GOOD = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' };

describe('a Redis that starts with the services', {
  skip: command ? false : 'did not run: TEST_REDIS_SERVER is not set',
}, () => {
  /** Starts a Redis with these settings, and stops it when the test is over. Returns its address and a client. */
  async function startRedis(t: TestContext, settings: Record<string, string>): Promise<{ url: string; client: Redis }> {
    const port = await findFreePort();
    const directory = await mkdtemp(join(tmpdir(), 'queue-redis-'));
    const all = { port: String(port), bind: '127.0.0.1', dir: directory, save: '', ...settings };
    const server = spawn(
      command!,
      Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
      { stdio: 'ignore', env: { ...process.env, ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) } },
    );
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    t.after(async () => {
      client.disconnect();
      server.kill('SIGKILL');
      await once(server, 'exit');
      await rm(directory, { recursive: true });
    });
    await client.ping();
    return { url: `redis://127.0.0.1:${port}`, client };
  }

  const open = (queueUrl: string, more: Partial<QueueStoreOptions> = {}) =>
    openQueueStore({ queueUrl, databaseUrl: 'postgres://unused', prefix: 'test', ...more });

  test('is taken when it keeps what it is given', async (t) => {
    const { url } = await startRedis(t, GOOD);
    const store = await open(url);
    assert.equal(store.isReachable(), true);
    await store.close();
  });

  test('is refused when it evicts keys, with the way to mend it', async (t) => {
    const { url } = await startRedis(t, { ...GOOD, 'maxmemory-policy': 'allkeys-lru' });
    await assert.rejects(open(url), /maxmemory-policy "allkeys-lru".*Set it to noeviction/);
    await assert.rejects(open(url, { persistence: 'optional' }), /maxmemory-policy "allkeys-lru"/);
  });

  test('is refused when a restart would empty it, with the way to mend it', async (t) => {
    const { url, client } = await startRedis(t, { ...GOOD, appendonly: 'no' });
    await assert.rejects(open(url), /no append-only file.*CONFIG SET appendonly yes.*QUEUE_PERSISTENCE=optional/);
    await client.config('SET', 'appendonly', 'yes');
    await (await open(url)).close();
  });

  test('is taken without persistence when that was asked for', async (t) => {
    const { url } = await startRedis(t, { ...GOOD, appendonly: 'no' });
    await (await open(url, { persistence: 'optional' })).close();
  });

  test('is taken when it does not tell how it is set up', async (t) => {
    const { url, client } = await startRedis(t, { ...GOOD, appendonly: 'no' });
    await client.acl('SETUSER', 'queues', 'on', '>word', '~*', '&*', '+@all', '-info');
    await (await open(url.replace('//', '//queues:word@'))).close();
  });

  test('that is found to forget only after it was replaced is reported', async (t) => {
    const { url, client } = await startRedis(t, GOOD);
    const errors: string[] = [];
    const store = await open(url, { onError: ({ message }) => errors.push(message) });
    t.after(() => store.close());
    await client.config('SET', 'appendonly', 'no');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => errors.some((message) => message.includes('no append-only file')));
  });
});

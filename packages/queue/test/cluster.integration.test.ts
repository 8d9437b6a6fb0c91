import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LANE_NAMES } from '@outrigger/core';
import { findFreePort } from '@outrigger/local/ports.ts';
import { Redis } from 'ioredis';
import { openLaneQueue, openQueueStore, startLaneWorker } from '../src/index.ts';
import { eventually } from './stores.ts';

const { TEST_REDIS_SERVER: command, TEST_REDIS_LIBRARY_PATH: libraryPath } = process.env;
const SLOTS = 16_384;
const SHARDS = 3;

type Node = { port: number; process: ChildProcess; client: Redis };

describe('queues on a Redis Cluster of three nodes', {
  skip: command ? false : 'did not run: TEST_REDIS_SERVER is not set',
}, () => {
  const nodes: Node[] = [];
  let folder: string;
  let url: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-cluster-'));
    for (let n = 0; n < 3; n++) {
      const [port, busPort] = [await findFreePort(), await findFreePort()];
      const directory = join(folder, String(port));
      await mkdir(directory);
      const settings = {
        port,
        'cluster-port': busPort,
        bind: '127.0.0.1',
        dir: directory,
        save: '',
        appendonly: 'yes',
        'cluster-enabled': 'yes',
        'cluster-require-full-coverage': 'no',
        'maxmemory-policy': 'noeviction',
      };
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const env = { ...process.env, ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) };
      const server = spawn(command!, args, { stdio: 'ignore', env });
      const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 100, maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      await client.ping();
      nodes.push({ port, process: server, client });
      const from = Math.floor((SLOTS / 3) * n);
      const to = n === 2 ? SLOTS - 1 : Math.floor((SLOTS / 3) * (n + 1)) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
      if (n > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port), String(await busPortOf(0)));
    }
    await eventually(async () => {
      const states = await Promise.all(nodes.map(({ client }) => client.call('CLUSTER', 'INFO') as Promise<string>));
      return states.every((state) => state.includes('cluster_state:ok') && state.includes('cluster_known_nodes:3'));
    });
    url = `redis+cluster://127.0.0.1:${nodes[0]!.port}?seed=127.0.0.1:${nodes[1]!.port}`;
  });
  after(async () => {
    for (const { client, process: server } of nodes) {
      client.disconnect();
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function busPortOf(n: number): Promise<number> {
    const text = String(await nodes[n]!.client.call('CLUSTER', 'NODES'));
    return Number(/@(\d+)/.exec(text)![1]);
  }

  test('every lane works, its shards lie on different nodes, and each job is taken once', async (t) => {
    const errors: Error[] = [];
    const store = await openQueueStore({
      queueUrl: url,
      databaseUrl: process.env.TEST_DATABASE_URL!,
      prefix: 'cluster',
      laneShards: SHARDS,
      onError: (error) => errors.push(error),
    });
    const open: { close(): Promise<unknown> }[] = [store];
    // Last opened, first closed, and whatever the test finds: what stays open keeps the file from ending.
    t.after(async () => {
      for (const one of open.toReversed()) await one.close();
    });
    const handled: string[] = [];
    const wanted: string[] = [];
    const lanes = LANE_NAMES.map((lane, place) => {
      const jobs = Array.from({ length: 20 }, (_, n) => ({
        batchId: `${place * 100 + n + 1}`,
        jobId: `b-${place}-${n}`,
      }));
      wanted.push(...jobs.map((job) => job.batchId));
      return { lane, jobs, queue: openLaneQueue(store, lane) };
    });
    open.push(...lanes.map(({ queue }) => queue));
    await Promise.all(lanes.map(({ queue, jobs }) => queue.enqueue(jobs)));
    const keys = await Promise.all(nodes.map(({ client }) => client.dbsize()));
    assert.ok(
      keys.every((count) => count > 0),
      `keys by node: ${keys}`,
    );
    const workers = lanes.map(({ lane }) =>
      startLaneWorker(
        store,
        lane,
        { concurrency: 4, lockMs: 10_000, onError: (error) => errors.push(error) },
        async ({ batchId }) => {
          handled.push(batchId);
          return undefined;
        },
      ),
    );
    open.push(...workers);
    await eventually(() => handled.length >= wanted.length);
    await eventually(async () => {
      const depths = await Promise.all(lanes.map(({ queue }) => queue.depth()));
      return depths.every(({ waiting, active }) => waiting + active === 0);
    });
    assert.deepEqual(handled.toSorted(), wanted.toSorted());
    assert.deepEqual(errors, []);
  });

  test('a cluster of which one node may evict keys is refused', async () => {
    await nodes[2]!.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const opening = openQueueStore({ queueUrl: url, databaseUrl: process.env.TEST_DATABASE_URL!, prefix: 'cluster' });
    await assert.rejects(opening, /maxmemory-policy "allkeys-lru"/);
    await nodes[2]!.client.config('SET', 'maxmemory-policy', 'noeviction');
  });
});

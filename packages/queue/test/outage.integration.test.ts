import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as elapsed } from 'node:timers/promises';
import {
  type LaneHandler,
  type LaneQueue,
  type LaneWorker,
  openLaneQueue,
  openQueueStore,
  type QueueStore,
  startLaneWorker,
} from '../src/index.ts';
import { type BreakableProxy, openBreakableProxy } from './breakable-proxy.ts';
import { addressOf, eventually, storesUnderTest } from './stores.ts';

/** BullMQ waits five seconds for a job, and six before it suspects the connection: an outage must outlast both. */
const LONG_OUTAGE_MS = 8_000;

/** What the API promises is 1.5 s; the rest is room for a busy machine. */
const FAST_MS = 2_000;

// Outages are mostly waiting, so both stores suffer theirs at the same time.
describe('outages', { concurrency: 2 }, () => {
  for (const underTest of storesUnderTest()) {
    describe(`when ${underTest.kind} is away`, { skip: underTest.skip, concurrency: 1 }, () => {
      let proxy: BreakableProxy;
      let store: QueueStore;
      let lane: LaneQueue;
      let worker: LaneWorker | undefined;
      const errors: string[] = [];

      before(async () => {
        proxy = await openBreakableProxy(addressOf(underTest));
        store = await underTest.open({ via: proxy.port });
        lane = openLaneQueue(store, 'push');
        await lane.depth();
      });
      afterEach(async () => {
        await proxy.mend();
        await worker?.close();
        worker = undefined;
        errors.length = 0;
        await eventually(() => succeeds(lane.depth()));
        await lane.obliterate();
      });
      after(async () => {
        await lane.close();
        await store.close();
        await proxy.close();
        await underTest.dispose();
      });

      function startWorker(handle: LaneHandler): LaneWorker {
        const onError = (error: Error): number => errors.push(error.message);
        worker = startLaneWorker(store, 'push', { concurrency: 2, lockMs: 2_000, onError }, handle);
        return worker;
      }

      async function rejectsFast(work: Promise<unknown>): Promise<void> {
        const startedAt = performance.now();
        await assert.rejects(work);
        const tookMs = performance.now() - startedAt;
        assert.ok(tookMs < FAST_MS, `took ${Math.round(tookMs)} ms`);
      }

      test('enqueue fails fast while connections are refused, and works when they are not', async () => {
        await proxy.cut();
        await rejectsFast(lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }]));
        await rejectsFast(lane.enqueue(Array.from({ length: 50 }, (_, n) => ({ batchId: `${n}`, jobId: `b-${n}-1` }))));
        await rejectsFast(lane.depth());
        await proxy.mend();
        await eventually(() => succeeds(lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }])));
        assert.equal((await lane.depth()).waiting, 1);
      });

      test('enqueue fails fast while the store is silent, and works when it speaks again', async () => {
        proxy.stall();
        await Promise.all([1, 2, 3].map((n) => rejectsFast(lane.enqueue([{ batchId: '1', jobId: `b-1-${n}` }]))));
        await proxy.mend();
        await eventually(() => succeeds(lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }])));
      });

      for (const [how, breakStore] of [
        ['refuses connections', () => proxy.cut()],
        ['is silent', async () => proxy.stall()],
      ] as const) {
        test(`a worker works again after a store that ${how} for longer than it waits for jobs`, async () => {
          const gate = Promise.withResolvers<void>();
          const handled: string[] = [];
          startWorker(async ({ batchId }) => {
            if (batchId === 'held') await gate.promise;
            handled.push(batchId);
          });
          await lane.enqueue([
            { batchId: 'first', jobId: 'b-first-1' },
            { batchId: 'held', jobId: 'b-held-1' },
            { batchId: 'late', jobId: 'b-late-1', delayMs: 2_000 },
          ]);
          await eventually(() => handled.includes('first'));

          await breakStore();
          const processor = process.cpuUsage();
          await elapsed(LONG_OUTAGE_MS / 2);
          gate.resolve(); // A handler that ends in the middle of the outage cannot acknowledge its job.
          await elapsed(LONG_OUTAGE_MS / 2);
          const busyMs = cpuMs(process.cpuUsage(processor));
          await proxy.mend();

          await eventually(() => succeeds(lane.enqueue([{ batchId: 'after', jobId: 'b-after-1' }])), 20_000);
          await eventually(() => handled.includes('after') && handled.includes('late'), 20_000);
          await eventually(async () => isEmpty(await lane.depth()), 20_000);
          assert.ok(busyMs < LONG_OUTAGE_MS / 4, `kept a processor busy for ${busyMs} ms of the outage`);
          assert.ok(errors.length < 60, `reported ${errors.length} errors`);
        });

        test(`a worker closes although the store ${how}`, async () => {
          const gate = Promise.withResolvers<void>();
          let started = false;
          const closer = startWorker(async () => {
            started = true;
            await gate.promise;
          });
          await lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }]);
          await eventually(() => started);
          await breakStore();
          const closing = closer.close();
          gate.resolve();
          assert.equal(await Promise.race([closing.then(() => 'closed'), elapsed(10_000, 'still closing')]), 'closed');
        });
      }

      test('a worker that is started while the store is away begins when it is there', async () => {
        await proxy.cut();
        const handled: string[] = [];
        startWorker(async ({ batchId }) => {
          handled.push(batchId);
        });
        await elapsed(1_500);
        await proxy.mend();
        await eventually(() => succeeds(lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }])));
        await eventually(() => handled.length === 1);
      });

      test('a worker that never saw the store closes', async () => {
        await proxy.cut();
        const closer = startWorker(async () => undefined);
        await elapsed(200);
        assert.equal(
          await Promise.race([closer.close().then(() => 'closed'), elapsed(10_000, 'still closing')]),
          'closed',
        );
      });
    });
  }
});

describe('opening a store', () => {
  const [postgres, redis] = storesUnderTest();
  assert.ok(postgres !== undefined && redis !== undefined);
  after(() => postgres.dispose());

  test('several processes may create the tables at the same moment', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => postgres.open()));
    await Promise.all(stores.map((store) => store.close()));
  });

  test('options in the database address do not displace the queue schema', async () => {
    const url = new URL(postgres.databaseUrl);
    url.searchParams.set('options', '-c search_path=public -c statement_timeout=60000');
    const { prefix, schema } = postgres;
    const store = await openQueueStore({ databaseUrl: url.href, prefix, schema });
    const lane = openLaneQueue(store, 'email');
    await lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }]);
    assert.equal((await lane.depth()).waiting, 1);
    await lane.close();
    await store.close();
  });

  test('a Postgres that is not there is an error', async () => {
    const databaseUrl = `postgres://nobody@127.0.0.1:${await closedPort()}/none`;
    await assert.rejects(openQueueStore({ databaseUrl, prefix: 'test' }), /ECONNREFUSED/);
  });

  test('a Redis that is not there is reported, and enqueue fails fast', async () => {
    const errors: string[] = [];
    const store = await openQueueStore({
      queueUrl: `redis://user:secret@127.0.0.1:${await closedPort()}`,
      databaseUrl: postgres.databaseUrl,
      prefix: 'test',
      onError: (error) => errors.push(error.message),
    });
    const lane = openLaneQueue(store, 'email');
    await assert.rejects(lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }]), /away/);
    assert.ok(errors.some((message) => message.includes('cannot be reached')));
    assert.ok(!errors.join().includes('secret'));
    await lane.close();
    await store.close();
  });

  test('a lane opened while Redis is away works once it is there', { skip: redis.skip }, async () => {
    const proxy = await openBreakableProxy(addressOf(redis));
    await proxy.cut();
    const store = await redis.open({ via: proxy.port });
    const lane = openLaneQueue(store, 'email');
    await assert.rejects(lane.enqueue([{ batchId: 'lost', jobId: 'b-lost-1' }]));
    await proxy.mend();
    await eventually(() => succeeds(lane.enqueue([{ batchId: '1', jobId: 'b-1-1' }])));
    assert.equal((await lane.depth()).waiting, 1, 'what was refused is not added later');
    await lane.obliterate();
    await lane.close();
    await store.close();
    await proxy.close();
  });

  test('an address that is no Redis address is an error that does not repeat the password', async () => {
    const opening = openQueueStore({
      queueUrl: 'amqp://u:secret@h',
      databaseUrl: postgres.databaseUrl,
      prefix: 'test',
    });
    await assert.rejects(opening, (error: Error) => /amqp:/.test(error.message) && !error.message.includes('secret'));
  });

  test('a prefix that would break key names is an error', async () => {
    await assert.rejects(openQueueStore({ databaseUrl: postgres.databaseUrl, prefix: 'a:b' }), /prefix/);
  });
});

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

function isEmpty(depth: Awaited<ReturnType<LaneQueue['depth']>>): boolean {
  return Object.values(depth).every((count) => count === 0);
}

function cpuMs(usage: NodeJS.CpuUsage): number {
  return (usage.user + usage.system) / 1_000;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

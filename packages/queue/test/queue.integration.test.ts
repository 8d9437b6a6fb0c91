import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type IQueueBackend, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import {
  type DeliverJob,
  type DeliverPointer,
  type LaneHandler,
  type LaneWorker,
  openLaneQueue,
  type QueueStore,
  startLaneWorker,
} from '../src/index.ts';
import { eventually, storesUnderTest } from './stores.ts';

const LOCK_MS = 1_000;

for (const underTest of storesUnderTest()) {
  describe(`a lane on ${underTest.kind}`, { skip: underTest.skip }, () => {
    let store: QueueStore;
    const workers: LaneWorker[] = [];
    const errors: string[] = [];

    before(async () => {
      store = await underTest.open();
    });
    afterEach(async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.close()));
      errors.length = 0;
    });
    after(async () => {
      await store.close();
      await underTest.dispose();
    });

    function startWorker(handle: LaneHandler, { concurrency = 1, lane = 'email' as const } = {}): LaneWorker {
      const onError = (error: Error): number => errors.push(error.message);
      const worker = startLaneWorker(store, lane, { concurrency, lockMs: LOCK_MS, onError }, handle);
      workers.push(worker);
      return worker;
    }

    /** A worker that notes what it was given. */
    function startRecorder(concurrency = 1): DeliverPointer[] {
      const handled: DeliverPointer[] = [];
      startWorker(
        async (pointer) => {
          handled.push(pointer);
          return undefined;
        },
        { concurrency },
      );
      return handled;
    }

    async function withLane(body: (lane: ReturnType<typeof openLaneQueue>) => Promise<void>): Promise<void> {
      const lane = openLaneQueue(store, 'email');
      try {
        await body(lane);
      } finally {
        await Promise.all(workers.splice(0).map((worker) => worker.close()));
        await lane.obliterate();
        await lane.close();
      }
    }

    test('hands the worker the pointer that was enqueued, and forgets the job', async () => {
      await withLane(async (lane) => {
        const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
        const handled = startRecorder();
        await lane.enqueue([{ batchId: '7', jobId: 'b-7-1', traceparent }]);
        await eventually(() => handled.length === 1);
        assert.deepEqual(handled, [{ batchId: '7', traceparent }]);
        await eventually(async () => (await lane.depth()).active === 0);
        assert.deepEqual(await lane.depth(), { waiting: 0, delayed: 0, active: 0, failed: 0 });
      });
    });

    test('processes a bulk of 1,000 once each, never more at once than the concurrency', async () => {
      await withLane(async (lane) => {
        const jobs = numbered(1_000);
        await lane.enqueue(jobs);
        assert.equal((await lane.depth()).waiting, 1_000);

        const handled: string[] = [];
        let atOnce = 0;
        let most = 0;
        startWorker(
          async ({ batchId }) => {
            atOnce += 1;
            most = Math.max(most, atOnce);
            await new Promise((resolve) => setImmediate(resolve));
            atOnce -= 1;
            handled.push(batchId);
          },
          { concurrency: 20 },
        );
        await eventually(() => handled.length >= 1_000, 30_000);
        assert.deepEqual(new Set(handled), new Set(jobs.map((job) => job.batchId)));
        assert.equal(handled.length, 1_000);
        assert.ok(most > 1 && most <= 20, `${most} at once`);
      });
    });

    test('an id that the queue still holds is not added again, alone or in bulk', async () => {
      await withLane(async (lane) => {
        const jobs = numbered(10);
        await lane.enqueue(jobs);
        await lane.enqueue([...jobs, ...jobs, { batchId: 'new', jobId: 'b-new-1' }]);
        await lane.enqueue(jobs.slice(0, 1));
        assert.equal((await lane.depth()).waiting, 11);
      });
    });

    test('an id may be used again once its job is done: the real guard is the claim', async () => {
      await withLane(async (lane) => {
        const handled = startRecorder();
        await lane.enqueue(numbered(1));
        await eventually(async () => handled.length === 1 && (await lane.depth()).active === 0);
        await lane.enqueue(numbered(1));
        await eventually(() => handled.length === 2);
      });
    });

    test('a delayed job is not handled before its time', async () => {
      await withLane(async (lane) => {
        const handledAt: number[] = [];
        startWorker(async () => {
          handledAt.push(Date.now());
        });
        const enqueuedAt = Date.now();
        await lane.enqueue([{ batchId: '1', jobId: 'b-1-1', delayMs: 700 }]);
        assert.equal((await lane.depth()).delayed, 1);
        await eventually(() => handledAt.length === 1);
        const waitedMs = (handledAt[0] ?? 0) - enqueuedAt;
        assert.ok(waitedMs >= 700 && waitedMs < 3_000, `handled after ${waitedMs} ms`);
      });
    });

    test('closing waits for the handler that runs and takes no other job', async () => {
      await withLane(async (lane) => {
        const gate = Promise.withResolvers<void>();
        const taken: string[] = [];
        const worker = startWorker(async ({ batchId }) => {
          taken.push(batchId);
          await gate.promise;
        });
        await lane.enqueue(numbered(3));
        await eventually(() => taken.length === 1);

        let closed = false;
        const closing = worker.close().then(() => {
          closed = true;
        });
        await lane.depth();
        assert.equal(closed, false);
        gate.resolve();
        await closing;
        assert.equal(taken.length, 1);
        assert.deepEqual(await lane.depth(), { waiting: 2, delayed: 0, active: 0, failed: 0 });
      });
    });

    test('a job whose handler throws is gone: it is not tried again, and its id is free for the janitor', async () => {
      await withLane(async (lane) => {
        const taken: string[] = [];
        startWorker(async ({ batchId }) => {
          taken.push(batchId);
          if (taken.length === 1) throw new TypeError('ann@example.org is not iterable');
          return undefined;
        });
        await lane.enqueue(numbered(1));
        await eventually(async () => taken.length === 1 && (await lane.depth()).active === 0);
        assert.deepEqual(await lane.depth(), { waiting: 0, delayed: 0, active: 0, failed: 0 });
        assert.deepEqual(errors, ['ann@example.org is not iterable']);
        await lane.enqueue(numbered(1));
        await eventually(() => taken.length === 2);
      });
    });

    test('a job that its handler gives back is handed out again, at once or later', async () => {
      await withLane(async (lane) => {
        const taken: number[] = [];
        startWorker(async () => {
          taken.push(performance.now());
          if (taken.length === 1) return { againInMs: 0 };
          return taken.length === 2 ? { againInMs: 300 } : undefined;
        });
        await lane.enqueue(numbered(1));
        await eventually(async () => taken.length === 3 && (await lane.depth()).active === 0);
        assert.ok(taken[2]! - taken[1]! >= 290, `${taken[2]! - taken[1]!} ms`);
        assert.deepEqual(await lane.depth(), { waiting: 0, delayed: 0, active: 0, failed: 0 });
        assert.deepEqual(errors, []);
      });
    });

    test('a payload of another version reaches no handler and waits for a worker that can read it', async () => {
      await withLane(async (lane) => {
        const raw = rawQueue(store);
        await raw.add('deliver', { v: 2, batch_ids: ['1', '2'] }, { jobId: 'b-1-1' });
        const handled = startRecorder();
        await eventually(async () => (await lane.depth()).delayed === 1);
        assert.deepEqual(handled, []);
        assert.match(errors.join(), /b-1-1: unknown payload version 2: this process reads version 1; it waits/);
        await raw.close();
      });
    });

    test('a field that a newer version added is left alone', async () => {
      await withLane(async () => {
        const raw = rawQueue(store);
        await raw.add('deliver', { v: 1, batch_id: '1', added_later: { x: 1 } }, { jobId: 'b-1-1' });
        const handled = startRecorder();
        await eventually(() => handled.length === 1);
        assert.deepEqual(handled, [{ batchId: '1' }]);
        await raw.close();
      });
    });

    test('the beat tells when the store was emptied, and when it was not', async () => {
      const beat = store.watchMemory();
      assert.equal(await beat(), 'lost', 'whoever just came does not know');
      assert.equal(await beat(), 'steady');
      assert.equal(await beat(), 'steady');
      if (underTest.queueUrl === undefined) return;
      const redis = new Redis(underTest.queueUrl);
      const [key] = await redis.keys(`${underTest.prefix}:beat:*`);
      await redis.del(key!);
      assert.equal(await beat(), 'lost');
      assert.equal(await beat(), 'steady');
      // Older data came back.
      await redis.decr(key!);
      assert.equal(await beat(), 'lost');
      assert.equal(await beat(), 'steady');
      redis.disconnect();
    });

    test('the signal fires when the lock of the running job is lost', async () => {
      await withLane(async (lane) => {
        const fired = Promise.withResolvers<void>();
        let running = false;
        startWorker(async (_pointer, signal) => {
          signal.addEventListener('abort', () => fired.resolve());
          running = true;
          await fired.promise;
        });
        await lane.enqueue(numbered(1));
        await eventually(() => running);
        await lane.obliterate();
        await fired.promise;
      });
    });

    test('a job is taken up again after its worker process was killed', async () => {
      const lane = openLaneQueue(store, 'sms');
      const { databaseUrl, schema, prefix, queueUrl } = underTest;
      const script = fileURLToPath(new URL('./stuck-worker.ts', import.meta.url));
      const args = [
        script,
        databaseUrl,
        schema,
        prefix,
        String(LOCK_MS),
        ...(queueUrl === undefined ? [] : [queueUrl]),
      ];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await lane.enqueue([{ batchId: '9', jobId: 'b-9-1' }]);
      const [line] = await once(child.stdout, 'data');
      assert.equal(String(line), 'took 9\n');

      const handled: string[] = [];
      const onError = (error: Error): number => errors.push(error.message);
      const worker = startLaneWorker(store, 'sms', { concurrency: 1, lockMs: LOCK_MS, onError }, async (pointer) => {
        handled.push(pointer.batchId);
      });
      assert.equal((await lane.depth()).active, 1);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await eventually(() => handled.length === 1);
      assert.deepEqual(handled, ['9']);
      await worker.close();
      await lane.obliterate();
      await lane.close();
    });

    test('a worker that could never take a job is not started', () => {
      const options = { concurrency: 0, lockMs: LOCK_MS, onError: () => undefined };
      assert.throws(() => startLaneWorker(store, 'email', options, async () => undefined), /concurrency/);
    });

    test('deployments with other prefixes do not see each other', async () => {
      await withLane(async (lane) => {
        const other = await underTest.open({ prefix: `${underTest.prefix}_other` });
        const otherLane = openLaneQueue(other, 'email');
        await otherLane.enqueue(numbered(2));
        await lane.enqueue(numbered(1));
        assert.equal((await lane.depth()).waiting, 1);
        await lane.obliterate();
        assert.equal((await otherLane.depth()).waiting, 2);
        await otherLane.obliterate();
        await otherLane.close();
        await other.close();
      });
    });

    test('a job id that BullMQ would refuse adds nothing at all', async () => {
      await withLane(async (lane) => {
        await assert.rejects(lane.enqueue([...numbered(9), { batchId: '9', jobId: '9' }]), /not a job id/);
        await lane.enqueue([]);
        assert.equal((await lane.depth()).waiting, 0);
      });
    });
  });
}

function numbered(count: number): DeliverJob[] {
  return Array.from({ length: count }, (_, index) => ({ batchId: String(index), jobId: `b-${index}-1` }));
}

/** BullMQ's own queue, to see and write what our API does not. */
function rawQueue(store: QueueStore): Queue<unknown, void, string, unknown, void, string, IQueueBackend, unknown> {
  return new Queue(store.queueName('email'), { connection: {}, prefix: store.prefix }, store.producerBackend);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane } from '@outrigger/core';
import { DelayedError, type IQueueBackend, type Job, WaitingError, Worker } from 'bullmq';
import { calmReporter } from './calm-reporter.ts';
import { type DeliverPointer, readDeliverPayload } from './job.ts';
import type { QueueStore, WorkerBackend } from './store.ts';
import { settlesWithin } from './time-limit.ts';

const RETRY_START_MS = 1_000;
const ACKNOWLEDGE_LIMIT_MS = 5_000;
const RELEASE_LIMIT_MS = 1_000;

/**
 * A job comes back however often its workers died. What a message does to its workers is counted by the claims in the ledger,
 * which end it as poison; a worker that dies between taking a job and claiming its batch is not the message's fault.
 */
const MAX_STALLED_COUNT = 1_000_000;

/** A process of another build may have put this job in, or may be able to read it. */
const UNREADABLE_AGAIN_MS = 5_000;

export type LaneWorkerOptions = {
  /** Handlers that run at once in this process. */
  concurrency: number;
  /**
   * How long a job stays with a worker that shows no sign of life. The lock is renewed while the process lives, so
   * this bounds a crash or a pause, not how long a handler may take. It is no fence: the claim in the ledger is.
   */
  lockMs: number;
  /** Trouble of the store or the worker, and what a handler threw. Repeats are held back for five seconds. */
  onError(error: Error): void;
};

/** The job goes back into the queue, for whoever takes it then. */
export type GivenBack = { againInMs: number };

/**
 * Delivers the batch that the pointer names. Resolving acknowledges the job, also when there was nothing to claim, or gives it
 * back. Throwing ends it for good: the janitor finds its batch in the ledger. The signal fires when the job's lock was lost and
 * another worker may have the job.
 */
export type LaneHandler = (pointer: DeliverPointer, signal: AbortSignal) => Promise<GivenBack | undefined>;

export type LaneWorker = {
  /** Takes no more jobs, waits for the handlers that run, however long they take, and lets go of the store. */
  close(): Promise<void>;
};

/** Starts to take the lane's jobs. Returns at once: a store that is away is waited for, and waited for again. */
export function startLaneWorker(
  store: QueueStore,
  lane: Lane,
  options: LaneWorkerOptions,
  handle: LaneHandler,
): LaneWorker {
  for (const value of [options.concurrency, options.lockMs]) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`not a concurrency or a lock time: ${value}`);
  }
  // Every worker takes from all shards, so that none of them can be forgotten; they share its concurrency.
  const concurrency = Math.ceil(options.concurrency / store.laneShards);
  const shards = Array.from({ length: store.laneShards }, (_, shard) =>
    startShardWorker(store, store.queueName(lane, shard), { ...options, concurrency }, handle),
  );
  return {
    async close() {
      await Promise.all(shards.map((shard) => shard.close()));
    },
  };
}

function startShardWorker(
  store: QueueStore,
  queueName: string,
  options: LaneWorkerOptions,
  handle: LaneHandler,
): LaneWorker {
  const report = calmReporter(options.onError);
  const running = new Set<Promise<unknown>>();
  const stopping = new AbortController();

  // BullMQ hands out a signal only to a processor that declares three parameters.
  async function process(job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const read = readDeliverPayload(job.name, job.data);
    if ('unreadable' in read) {
      report(new Error(`job ${job.id}: ${read.unreadable}; it waits for a worker that can`));
      await giveBack(job, token, UNREADABLE_AGAIN_MS);
      return;
    }
    const work = (async () => handle(read.pointer, signal ?? new AbortController().signal))();
    running.add(work);
    let given: GivenBack | undefined;
    try {
      given = await work;
    } catch (error) {
      report(error);
      throw storable(new Error(`handler failed: ${error instanceof Error ? error.name : typeof error}`));
    } finally {
      running.delete(work);
    }
    if (given) await giveBack(job, token, given.againInMs);
  }

  async function open(): Promise<{ worker: LaneBullWorker; backend: WorkerBackend } | undefined> {
    while (!stopping.signal.aborted) {
      try {
        const backend = await store.openWorkerBackend({ concurrency: options.concurrency, report });
        return { worker: newWorker(store, queueName, process, options, backend, report), backend };
      } catch (error) {
        report(error);
        await sleep(RETRY_START_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }
  const opened = open();

  async function close(): Promise<void> {
    stopping.abort();
    const started = await opened;
    if (started === undefined) return;
    const { worker, backend } = started;
    // A plain `worker.close()` waits for the store, for ever when it is away, and cannot be hurried afterwards.
    const finished = worker.pause();
    let inTime = false;
    do {
      await Promise.allSettled(running);
      inTime = await settlesWithin(finished, ACKNOWLEDGE_LIMIT_MS);
    } while (!inTime && running.size > 0);
    // What could not be acknowledged comes back as a stall, and its handler finds nothing to claim.
    await settlesWithin(worker.close(!inTime), RELEASE_LIMIT_MS);
    backend.release();
  }

  let closing: Promise<void> | undefined;
  return {
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

type LaneBullWorker = Worker<unknown, void, string, IQueueBackend, never, unknown>;

type Processor = (job: Job, token: string | undefined, signal: AbortSignal | undefined) => Promise<void>;

function newWorker(
  store: QueueStore,
  queueName: string,
  process: Processor,
  options: LaneWorkerOptions,
  backend: WorkerBackend,
  report: (error: unknown) => void,
): LaneBullWorker {
  const worker = new Worker<unknown, void, string, IQueueBackend, never, unknown>(
    queueName,
    process,
    {
      connection: {},
      prefix: store.prefix,
      concurrency: options.concurrency,
      lockDuration: options.lockMs,
      stalledInterval: Math.max(250, options.lockMs / 2),
      maxStalledCount: MAX_STALLED_COUNT,
      // A failed job would keep its id, and with it the janitor from putting its batch in again.
      removeOnFail: { count: 0 },
      runRetryDelay: RETRY_START_MS,
    },
    backend.factory,
  );
  worker.on('error', report);
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'the lock of the job was lost');
  });
  return worker;
}

/**
 * BullMQ is told by an exception that a job was moved. When the store is away, the job comes back as a stall, or the janitor
 * puts its batch in again.
 */
async function giveBack(job: Job, token: string | undefined, inMs: number): Promise<never> {
  if (inMs > 0) {
    await job.moveToDelayed(Date.now() + inMs, token);
    throw new DelayedError();
  }
  await job.moveToWait(token);
  throw new WaitingError();
}

/** BullMQ stores message and stack of what a job threw; an error of a handler may quote an address, ours does not. */
function storable(error: Error): Error {
  error.stack = error.message;
  return error;
}

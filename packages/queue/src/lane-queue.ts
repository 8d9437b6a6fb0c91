import type { Lane } from '@outrigger/core';
import { type IQueueBackend, type JobsOptions, Queue } from 'bullmq';
import { assertJobId, DELIVER_JOB, type DeliverJob, type DeliverPayload, writeDeliverPayload } from './job.ts';
import { shardOf } from './lane-shard.ts';
import type { QueueStore } from './store.ts';
import { withinLimit } from './time-limit.ts';

const ENQUEUE_LIMIT_MS = 1_500;

/**
 * On Postgres the bulk path makes two temporary tables: 3.3 ms a call when measured, against 0.5 ms for one plain add.
 * On Redis the two are the same.
 */
const FEW_JOBS = 4;

/** BullMQ writes four entries per job to an event log that nobody here reads and that cannot be switched off. */
const EVENT_LOG_LENGTH = 100;

/** BullMQ's largest priority number. */
const LOWEST_PRIORITY = 2_097_152;

export type LaneDepth = { waiting: number; delayed: number; active: number; failed: number };

/** The producer's end of a lane. */
export type LaneQueue = {
  /**
   * Adds the jobs; a thousand at a time is fine. Ids that the queue still holds are skipped.
   * Rejects within 1.5 s when the store is away or slow; some of the jobs may have been added all the same. Callers
   * ignore that: the ledger holds the batches and the janitor adds them again.
   */
  enqueue(jobs: DeliverJob[]): Promise<void>;
  /** Those of the jobs that the queue does not hold: they ended, or were never added. Rejects as enqueue does. */
  missing<Wanted extends DeliverJob>(jobs: Wanted[]): Promise<Wanted[]>;
  /** How many jobs are where. A failed job is one whose handler threw, or that stalled too often. Rejects as enqueue does. */
  depth(): Promise<LaneDepth>;
  /** Removes all jobs of the lane, running ones too. */
  obliterate(): Promise<void>;
  close(): Promise<void>;
};

export function openLaneQueue(store: QueueStore, lane: Lane): LaneQueue {
  const shards = Array.from({ length: store.laneShards }, (_, shard) => openShard(store, lane, shard));
  if (shards.length === 1) return shards[0]!;
  return {
    async enqueue(jobs) {
      const byShard = Map.groupBy(jobs, (job) => shardOf(job.batchId, shards.length));
      await Promise.all([...byShard].map(([shard, ofShard]) => shards[shard]!.enqueue(ofShard)));
    },
    async missing(jobs) {
      const byShard = Map.groupBy(jobs, (job) => shardOf(job.batchId, shards.length));
      return (await Promise.all([...byShard].map(([shard, ofShard]) => shards[shard]!.missing(ofShard)))).flat();
    },
    async depth() {
      const depths = await Promise.all(shards.map((shard) => shard.depth()));
      const total = (of: keyof LaneDepth) => depths.reduce((sum, depth) => sum + depth[of], 0);
      return { waiting: total('waiting'), delayed: total('delayed'), active: total('active'), failed: total('failed') };
    },
    async obliterate() {
      await Promise.all(shards.map((shard) => shard.obliterate()));
    },
    async close() {
      await Promise.all(shards.map((shard) => shard.close()));
    },
  };
}

function openShard(store: QueueStore, lane: Lane, shard: number): LaneQueue {
  const queue = new Queue<DeliverPayload, void, string, DeliverPayload, void, string, IQueueBackend, unknown>(
    store.queueName(lane, shard),
    {
      connection: {},
      prefix: store.prefix,
      // Retries are rows of the ledger, never BullMQ's.
      defaultJobOptions: { attempts: 1, removeOnComplete: true },
      streams: { events: { maxLen: EVENT_LOG_LENGTH } },
    },
    store.producerBackend,
  );
  queue.on('error', store.report);

  async function answered<Value>(ask: () => Promise<Value>): Promise<Value> {
    if (!store.isReachable()) throw new Error(`queue store (${store.kind}) is away`);
    return withinLimit(ask(), ENQUEUE_LIMIT_MS, `queue store (${store.kind}) is away or slow`);
  }

  return {
    enqueue: async (jobs) => {
      const entries = jobs.map(toEntry);
      if (entries.length === 0) return;
      await answered<unknown>(() =>
        entries.length <= FEW_JOBS
          ? Promise.all(entries.map(({ name, data, opts }) => queue.add(name, data, opts)))
          : queue.addBulk(entries),
      );
    },
    missing: async (jobs) => {
      if (jobs.length === 0) return [];
      const jobIds = jobs.map((job) => job.jobId);
      const held = new Set(await answered(() => store.heldJobs(store.queueName(lane, shard), jobIds)));
      return jobs.filter((job) => !held.has(job.jobId));
    },
    depth: async () => {
      const counts = await answered(() => queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'));
      const { waiting = 0, prioritized = 0, delayed = 0, active = 0, failed = 0 } = counts;
      return { waiting: waiting + prioritized, delayed, active, failed };
    },
    obliterate: () => queue.obliterate({ force: true }),
    close: () => queue.close(),
  };
}

function toEntry(job: DeliverJob): { name: string; data: DeliverPayload; opts: JobsOptions } {
  assertJobId(job.jobId);
  const delay = job.delayMs === undefined ? {} : { delay: Math.max(0, Math.round(job.delayMs)) };
  const priority = job.priority ? { priority: Math.min(LOWEST_PRIORITY, Math.round(job.priority)) } : {};
  return { name: DELIVER_JOB, data: writeDeliverPayload(job), opts: { jobId: job.jobId, ...delay, ...priority } };
}

import type { Lane } from '@outrigger/core';
import { enqueueFailures } from '@outrigger/metrics';
import { type DeliverJob, jobIdFor, type LaneQueue, openLaneQueue, type QueueStore } from '@outrigger/queue';
import { errorFields, type Log } from '@outrigger/runtime';
import type { NewBatch } from '@outrigger/store';

type ToEnqueue = NewBatch & { delayMs?: number; traceparent?: string };

/** Puts committed batches into their lanes' queues, without waiting. */
export type Enqueue = (batches: ToEnqueue[]) => void;

/** Puts in again those batches that their lanes' queues do not hold, and says how many. Rejects when the store is away. */
export type EnqueueMissing = (batches: ToEnqueue[]) => Promise<number>;

/** How much of a lane's backlog a tenant has; where it is not known, everything is in order of arrival. */
export type TenantBacklog = { tenantMessages(tenantId: number, lane: Lane): number };

/** Up to this many waiting messages a tenant's batches go in order of arrival, before everything that has a priority. */
const FAIR_SHARE_MESSAGES = 1_000;

/**
 * The place in the queue by the tenant's own backlog: the more of a tenant waits, the further back its next batch goes, so a
 * burst of one tenant delays itself and not the others (P20). The usual small backlog costs nothing.
 */
export function fairPriority(waitingMessages: number): number {
  return waitingMessages <= FAIR_SHARE_MESSAGES ? 0 : Math.ceil(waitingMessages / 100);
}

/**
 * The queue is a pointer to the ledger: when it cannot take a batch now, nothing is lost and the janitor puts it in later.
 * So a failure is logged, once a call, and not thrown.
 */
export function createEnqueuer(
  store: QueueStore,
  log: Log,
  backlog?: TenantBacklog,
): { enqueue: Enqueue; enqueueMissing: EnqueueMissing; close(): Promise<void> } {
  const queues = new Map<Lane, LaneQueue>();
  const underWay = new Set<Promise<void>>();

  function queueOf(lane: Lane): LaneQueue {
    const queue = queues.get(lane) ?? openLaneQueue(store, lane);
    queues.set(lane, queue);
    return queue;
  }

  async function put(lane: Lane, jobs: DeliverJob[]): Promise<void> {
    try {
      await queueOf(lane).enqueue(jobs);
    } catch (error) {
      enqueueFailures.inc({ lane });
      log.warn({ event: 'enqueue.failed', lane, batches: jobs.length, ...errorFields(error) });
    }
  }

  const jobsOf = (lane: Lane, batches: ToEnqueue[]): DeliverJob[] =>
    batches.map(({ batchId, tenantId, claims, delayMs, traceparent }) => ({
      batchId,
      jobId: jobIdFor(batchId, claims),
      priority: backlog ? fairPriority(backlog.tenantMessages(tenantId, lane)) : 0,
      ...(delayMs !== undefined && { delayMs }),
      ...(traceparent !== undefined && { traceparent }),
    }));

  return {
    async enqueueMissing(batches) {
      let added = 0;
      for (const [lane, ofLane] of Map.groupBy(batches, (batch) => batch.lane)) {
        const missing = await queueOf(lane).missing(jobsOf(lane, ofLane));
        await queueOf(lane).enqueue(missing);
        added += missing.length;
      }
      return added;
    },
    enqueue(batches) {
      for (const [lane, ofLane] of Map.groupBy(batches, (batch) => batch.lane)) {
        const jobs = jobsOf(lane, ofLane);
        const work: Promise<void> = put(lane, jobs).finally(() => underWay.delete(work));
        underWay.add(work);
      }
    },
    async close() {
      await Promise.all(underWay);
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

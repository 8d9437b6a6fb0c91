import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelPort, createGrouper, type Lane, type ReadFile, type Timing } from '@outrigger/core';
import type { PooledProvider } from '@outrigger/flow';
import { messagesInFlight, stageSeconds } from '@outrigger/metrics';
import { type DeliverPointer, type GivenBack, type QueueStore, startLaneWorker } from '@outrigger/queue';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import { type ClaimedBatch, claimBatches, type Pool, readDueIn, releaseBatches } from '@outrigger/store';
import { startSpan } from '@outrigger/tracing';
import { createArchive } from './archive.ts';
import { createAttach } from './attach.ts';
import { startBrakeWatch } from './brake-watch.ts';
import { deliver } from './deliver.ts';
import { createDenylist } from './denylist.ts';
import type { Enqueue } from './enqueue.ts';
import { openJournal } from './journal.ts';
import { startJournalSettler } from './journal-settler.ts';
import { createPeopleSettings } from './people.ts';
import { handlePoison, SPLIT_AFTER_STRIKES } from './poison.ts';
import { createRecorder } from './record.ts';
import { type AttemptLog, createAttemptReporter } from './report-attempt.ts';
import { createSharedContexts } from './shared-context.ts';
import { createSharedReads } from './shared-reads.ts';
import { tracedProvider } from './traced-provider.ts';
import { createTurns } from './turns.ts';
import { createVersionCache } from './version-cache.ts';
import { newWorkerId } from './worker-id.ts';

export type ChannelWorkerOptions<Settings, Target, Message> = {
  pool: Pool;
  queueStore: QueueStore;
  enqueue: Enqueue;
  channel: ChannelPort<Settings, Target, Message>;
  provider: PooledProvider<Message>;
  log: Log;
  timing: Timing;
  dataDir: string;
  /** Of the channel: those that this process serves. */
  lanes: Lane[];
  laneConcurrency: number;
  sendConcurrency: number;
  unknownWindowMs: number;
  attemptLog: AttemptLog;
  /** Reads the files of recipients, in channels that send files. */
  readFile?: ReadFile | undefined;
};

/** Claims wanted at the same moment share one statement; two statements may be under way. */
const CLAIM_GROUP = 16;
const GIVE_BACK_RETRY_MS = 1_000;
const LONGEST_HOLD_MS = 5_000;
const LOCKED_AGAIN_MS = 50;

/**
 * Runs a channel's lanes in this process: takes jobs, claims their batches and delivers them. Its parts stop in order: no new
 * jobs, running batches end (or give back what was not begun), the journal closes.
 */
export async function startChannelWorker<Settings, Target, Message extends { messageId: string }>(
  options: ChannelWorkerOptions<Settings, Target, Message>,
): Promise<Part> {
  const { pool, channel, log, timing } = options;
  const journalRoot = join(options.dataDir, 'journal');
  const workerId = newWorkerId(channel.channel);
  const settler = await startJournalSettler({ ...options, journalRoot, workerId, provider: options.provider.name });
  const journal = openJournal(join(journalRoot, workerId), (error) =>
    log.error({ event: 'journal.write_failed', ...errorFields(error) }),
  );
  const record = createRecorder({ ...options, reportAttempt: createAttemptReporter(options) });
  const loaders = {
    loadVersion: createVersionCache<Settings>(pool),
    loadPeopleSettings: createPeopleSettings(pool),
    loadSharedContext: createSharedContexts(pool),
    reads: createSharedReads(pool),
  };
  const denylist = createDenylist(options);
  const archive = createArchive(options);
  const attach = createAttach({ pool, readFile: options.readFile, longestReadMs: timing.providerTimeoutMs });
  const stop = new AbortController();
  const brakes = startBrakeWatch(pool, log);

  const suspects = createTurns();

  const claims = createGrouper<{ batchId: string; token: string }, ClaimedBatch | undefined>({
    maxWeight: CLAIM_GROUP,
    parallel: 2,
    async flush(wanted) {
      const stopTimer = stageSeconds.startTimer({ stage: 'claim' });
      const claimed = await claimBatches(pool, wanted, workerId, timing.leaseMs);
      stopTimer();
      return wanted.map(({ batchId, token }) => {
        const batch = claimed.get(batchId);
        return batch?.token === token ? batch : undefined;
      });
    },
  });

  async function handle({ batchId, traceparent }: DeliverPointer): Promise<GivenBack | undefined> {
    // While no account may be called at all, the batch is better left unclaimed than claimed and put off.
    const blockedMs = Math.min(options.provider.blockedForMs(), LONGEST_HOLD_MS);
    if (blockedMs > 0) await delay(blockedMs, undefined, { signal: stop.signal }).catch(() => undefined);
    if (stop.signal.aborted) return { againInMs: 0 };
    // The lease is measured from before the claim on the monotonic clock: a process that was frozen sees that it is over.
    const startedAt = performance.now();
    const token = randomUUID();
    let batch: ClaimedBatch | undefined;
    try {
      batch = await claims.add({ batchId, token });
    } catch (error) {
      // The claim may be committed although its answer was lost; nothing was begun, so it goes back.
      log.error({ event: 'claim.failed', batch_id: batchId, ...errorFields(error) });
      await giveBack({ batchId, token });
      return { againInMs: 0 };
    }
    if (!batch) return unclaimed(batchId);
    messagesInFlight.inc({ lane: batch.lane }, batch.messages.length);
    const span = startSpan(`deliver ${batch.lane}`, {
      kind: 'consumer',
      parent: traceparent,
      attributes: { 'outrigger.batch_id': batchId, 'outrigger.messages': batch.messages.length },
    });
    const deps = {
      ...options,
      provider: tracedProvider(options.provider, span),
      ...loaders,
      brakes: brakes.since(batch),
      journal,
      denylist,
      archive,
      attach,
      record,
      providerTimeoutMs: timing.providerTimeoutMs,
      now: Date.now,
      stopping: stop.signal,
      mayStart: () => !stop.signal.aborted && performance.now() - startedAt < timing.lastStartMs,
    };
    try {
      await suspects.run(batch.strikes >= SPLIT_AFTER_STRIKES, async () => {
        journal.taken(token);
        if (!(await handlePoison(batch, deps))) await deliver(batch, deps);
      });
    } catch (error) {
      // Whatever was begun is recorded by now; the rest goes back, as soon as the ledger answers again.
      log.error({ event: 'batch.failed', lane: batch.lane, batch_id: batchId, ...errorFields(error) });
      await giveBack(batch, true);
    }
    messagesInFlight.dec({ lane: batch.lane }, batch.messages.length);
    span.end();
    log.debug({ event: 'batch.delivered', lane: batch.lane, batch_id: batchId, messages: batch.messages.length });
    return undefined;
  }

  /**
   * What could not be claimed is ended or in other hands, as a rule. But the queue's clock is not the ledger's, and a sweep may
   * have had the row locked: then the job comes again, instead of leaving its batch to the janitor.
   */
  async function unclaimed(batchId: string): Promise<GivenBack | undefined> {
    try {
      const dueInMs = await readDueIn(pool, batchId);
      return dueInMs === undefined ? undefined : { againInMs: Math.max(dueInMs, LOCKED_AGAIN_MS) };
    } catch (error) {
      log.error({ event: 'claim.failed', batch_id: batchId, ...errorFields(error) });
      return { againInMs: GIVE_BACK_RETRY_MS };
    }
  }

  async function giveBack({ batchId, token }: { batchId: string; token: string }, failed = false): Promise<void> {
    for (let strike = failed; ; strike = false) {
      try {
        options.enqueue(await releaseBatches(pool, [{ batchId, token, strike }]));
        return;
      } catch (error) {
        // The ledger is away, so that is what went wrong, and not the messages.
        log.error({ event: 'batch.release_failed', batch_id: batchId, ...errorFields(error) });
        await delay(GIVE_BACK_RETRY_MS);
      }
    }
  }

  const lanes = options.lanes.map((lane) =>
    startLaneWorker(
      options.queueStore,
      lane,
      {
        concurrency: options.laneConcurrency,
        lockMs: timing.lockMs,
        onError: (error) => log.warn({ event: 'lane.error', lane, ...errorFields(error) }),
      },
      handle,
    ),
  );

  return {
    name: `${channel.channel} lanes`,
    async stop() {
      stop.abort();
      await Promise.all(lanes.map((lane) => lane.close()));
      await brakes.stop();
      await settler.stop();
      journal.close();
    },
  };
}

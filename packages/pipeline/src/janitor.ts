import { accountMessages, janitorRepairs } from '@outrigger/metrics';
import type { QueueBeat } from '@outrigger/queue';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import {
  advanceCampaigns,
  decideUnsettled,
  dropOldRequestKeys,
  ensurePartitions,
  heldTooLong,
  type Pool,
  type RecordItem,
  readAccount,
  readStillWaiting,
  recordOutcomes,
  repairLost,
  sweepLost,
  sweepWaiting,
  type TenantAccount,
  type WaitingCursor,
} from '@outrigger/store';
import { forgetIdleSlots } from '@outrigger/store/rate-slots';
import type { Enqueue, EnqueueMissing } from './enqueue.ts';

export type JanitorDeps = {
  pool: Pool;
  enqueue: Enqueue;
  enqueueMissing: EnqueueMissing;
  log: Log;
  everyMs: number;
  /** Whether the queue store still has what it was given. */
  queueBeat: QueueBeat;
  /** A due batch that was put into the queue longer ago than this is put in again. */
  sweepAfterMs: number;
  /** How long an expired claim is left to its worker's journal. */
  journalGraceMs: number;
  unknownWindowMs: number;
};

const SWEEP_LIMIT = 1_000;
/** Longer than the queue may take to say that it has a batch. */
const MISSING_AFTER_MS = 2_000;
const ACCOUNT_EVERY_MS = 60_000;
/** The span that is proved every minute; older days are proved on request. */
const ACCOUNT_SPAN_MS = 10 * 60_000;
/** What was accepted in the last moments may be between two tables of one snapshot and the next. */
const ACCOUNT_SETTLED_MS = 5_000;
/** Rate rows of campaigns and brakes that nobody asked for since. */
const IDLE_SLOTS_MS = 24 * 60 * 60_000;
const PARTITIONS_EVERY_MS = 60 * 60_000;

/** Looks regularly for what was accepted and not queued, claims whose worker never came back, and unknowns to decide. */
export function startJanitor(deps: JanitorDeps): Part {
  let partitionsAt = Number.NEGATIVE_INFINITY;
  let accountAt = Number.NEGATIVE_INFINITY;
  const findMissing = createMissingFinder(deps);
  return startRounds('janitor', async () => {
    try {
      if (performance.now() - partitionsAt > PARTITIONS_EVERY_MS) {
        await ensurePartitions(deps.pool, Date.now());
        await dropOldRequestKeys(deps.pool, Date.now());
        await forgetIdleSlots(deps.pool, IDLE_SLOTS_MS);
        partitionsAt = performance.now();
      }
      const beat = await deps.queueBeat();
      if (beat === 'lost') await rebuildQueues(deps);
      await cleanUp(deps);
      if (beat === 'steady') await findMissing();
      if (performance.now() - accountAt > ACCOUNT_EVERY_MS) {
        accountAt = performance.now();
        await proveAccount(deps, Date.now());
      }
    } catch (error) {
      deps.log.warn({ event: 'janitor.failed', ...errorFields(error) });
    }
    return deps.everyMs;
  });
}

/** One round. Several janitors may run at once: every step takes its rows with a lock that the others skip. */
export async function cleanUp(deps: Omit<JanitorDeps, 'everyMs' | 'queueBeat'>): Promise<void> {
  await advanceCampaigns(deps.pool);
  const lost = await loseExpiredClaims(deps);
  const decided = await decideUnsettled(deps.pool);
  if (decided.batches.length > 0) deps.enqueue(decided.batches);
  let requeued = 0;
  for (let swept = SWEEP_LIMIT; swept >= SWEEP_LIMIT; ) {
    const batches = await sweepWaiting(deps.pool, deps.sweepAfterMs, SWEEP_LIMIT);
    swept = batches.length;
    requeued += swept;
    if (swept > 0) deps.enqueue(batches);
  }
  const repairs = {
    lost_claims: lost,
    resent: decided.resent,
    held: decided.held,
    evidenced: decided.evidenced,
    requeued_batches: requeued,
  };
  for (const [kind, count] of Object.entries(repairs)) janitorRepairs.inc({ kind }, count);
  if (Object.values(repairs).some((count) => count > 0)) {
    deps.log.warn({ event: 'janitor.repaired', ...repairs });
  }
}

/**
 * Looks once at every batch that still waits two seconds after the queue was given it, and puts in again what the queue does not
 * have: whoever was to put it in died in between. A question for each, not an add: with a long backlog that is most of them.
 */
export function createMissingFinder(
  deps: Pick<JanitorDeps, 'pool' | 'enqueueMissing' | 'log' | 'sweepAfterMs'>,
  afterMs = MISSING_AFTER_MS,
): () => Promise<number> {
  const { pool, enqueueMissing, log, sweepAfterMs } = deps;
  let cursor: WaitingCursor = '-infinity';
  return async function findMissing() {
    let added = 0;
    for (let seen = SWEEP_LIMIT; seen >= SWEEP_LIMIT; ) {
      const waiting = await readStillWaiting(pool, { cursor, afterMs, sweepAfterMs, limit: SWEEP_LIMIT });
      seen = waiting.batches.length;
      added += await enqueueMissing(waiting.batches);
      // Only now: what could not be asked about is asked about again.
      cursor = waiting.cursor;
    }
    janitorRepairs.inc({ kind: 'missing_batches' }, added);
    if (added > 0) log.warn({ event: 'janitor.missing_batches', batches: added });
    return added;
  };
}

/** Puts all that waits into the queues again, at once: the queue store lost something, or was away when it was given something. */
export async function rebuildQueues(deps: Pick<JanitorDeps, 'pool' | 'enqueue' | 'log'>): Promise<number> {
  const lostAt = performance.now();
  let requeued = 0;
  for (let swept = SWEEP_LIMIT; swept === SWEEP_LIMIT; ) {
    const batches = await sweepLost(deps.pool, performance.now() - lostAt, SWEEP_LIMIT);
    swept = batches.length;
    requeued += swept;
    if (swept > 0) deps.enqueue(batches);
  }
  janitorRepairs.inc({ kind: 'rebuilt_batches' }, requeued);
  if (requeued > 0) deps.log.warn({ event: 'janitor.queues_rebuilt', requeued_batches: requeued });
  return requeued;
}

/** Without its worker's journal nobody knows which calls were begun: every message of such a batch is unknown. */
async function loseExpiredClaims(deps: Omit<JanitorDeps, 'everyMs' | 'queueBeat'>): Promise<number> {
  const held = await heldTooLong(deps.pool, deps.journalGraceMs);
  const decideAt = new Date(Date.now() + deps.unknownWindowMs);
  const items = held.flatMap((batch) =>
    batch.messages.map(
      (message): RecordItem => ({
        batchId: batch.batchId,
        token: batch.token,
        messageId: message.messageId,
        tenantId: message.tenantId,
        outcome: { state: 'unknown', code: 'ambiguous.worker_lost', detail: `claimed by ${batch.claimedBy}` },
        provider: '',
        policy: message.policy,
        decideAt,
      }),
    ),
  );
  if (items.length > 0) await recordOutcomes(deps.pool, items);
  return items.length;
}

/**
 * Proves that everything accepted has ended or waits (design section 2.8). What is neither is put into a batch again, and said
 * aloud: it must never happen.
 */
export async function proveAccount(deps: Pick<JanitorDeps, 'pool' | 'log'>, nowMs: number): Promise<number> {
  const [from, to] = [new Date(nowMs - ACCOUNT_SPAN_MS), new Date(nowMs - ACCOUNT_SETTLED_MS)];
  const accounts = await readAccount(deps.pool, from, to);
  accountMessages.reset();
  for (const { tenantId, accepted, ended, waiting, lost } of accounts) {
    for (const [part, count] of Object.entries({ accepted, ended, waiting, lost })) {
      accountMessages.set({ tenant: String(tenantId), part }, count);
    }
  }
  const sum = (pick: (account: TenantAccount) => number) =>
    accounts.reduce((total, account) => total + pick(account), 0);
  const lost = sum((account) => account.lost);
  const fields = {
    accepted: sum((one) => one.accepted),
    ended: sum((one) => one.ended),
    waiting: sum((one) => one.waiting),
  };
  if (lost === 0) {
    deps.log.debug({ event: 'account.proved', ...fields });
    return 0;
  }
  const repaired = await repairLost(deps.pool, from, to);
  deps.log.error({ event: 'account.lost', ...fields, lost, repaired });
  return lost;
}

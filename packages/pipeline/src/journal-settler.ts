import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_RETRY } from '@outrigger/core';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import {
  type HeldBatch,
  heldByWorker,
  type Pool,
  type RecordItem,
  recordOutcomes,
  releaseBatches,
  settleLate,
} from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import { type JournalEntry, parseJournal, takenTokens } from './journal.ts';
import { outcomeOf } from './outcome.ts';
import { timesOf } from './record.ts';
import { isDead, isOfThisBoot, sameChannel } from './worker-id.ts';

export type SettlerDeps = {
  pool: Pool;
  enqueue: Enqueue;
  log: Log;
  journalRoot: string;
  workerId: string;
  provider: string;
  unknownWindowMs: number;
};

const LOOK_AGAIN_MS = 5_000;
/** A journal from another host that holds nothing any more is removed after a day. */
const FOREIGN_KEPT_MS = 24 * 60 * 60_000;
/**
 * A claim that was on its way when its worker died may be committed after the first look: longer than a statement may take,
 * the journal stays, so that the claim is released and not called unknown.
 */
const DEAD_KEPT_MS = 30_000;

/**
 * Settles what dead workers left claimed, from the journals they wrote into this folder: a call that had answered is recorded,
 * one that was only begun is unknown, and what was never begun is released and sent. Looks at start and every few seconds.
 */
export async function startJournalSettler(deps: SettlerDeps): Promise<Part> {
  const look = createSettling(deps);
  let running: Promise<void> = look();
  await running;
  const timer = setInterval(() => {
    running = running.then(() => look());
  }, LOOK_AGAIN_MS);

  return {
    name: 'journal settler',
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** One look over the journals of all other workers of the channel. `now` is an instant of the monotonic clock. */
export function createSettling(deps: SettlerDeps): (now?: number) => Promise<void> {
  /** Since when a worker is known to be dead. */
  const deadSince = new Map<string, number>();

  return async function look(now = performance.now()) {
    for (const workerId of await readdir(deps.journalRoot).catch(() => [])) {
      if (workerId === deps.workerId || !sameChannel(workerId, deps.workerId)) continue;
      try {
        await settleWorker(deps, workerId, deadSince, now);
      } catch (error) {
        // One journal that cannot be settled now must not keep the others from it.
        deps.log.warn({ event: 'journal.settle_failed', worker_id: workerId, ...errorFields(error) });
      }
    }
  };
}

/** Settles one other worker, if it is dead or its claims have run out. Its journal is removed when nothing needs it any more. */
async function settleWorker(
  deps: SettlerDeps,
  workerId: string,
  deadSince: Map<string, number>,
  now: number,
): Promise<void> {
  const folder = join(deps.journalRoot, workerId);
  const held = await heldByWorker(deps.pool, workerId);
  const dead = isDead(workerId);
  const due = held.filter((batch) => dead || batch.expired);
  const seenBefore = deadSince.has(workerId);
  const needed = due.length > 0 || (dead && !seenBefore);
  const journal = needed ? await readJournal(folder) : NO_JOURNAL;
  if (due.length > 0) await settleBatches(deps, workerId, due, journal);
  if (dead && !seenBefore) {
    await settleAnswered(deps, journal.entries);
    deadSince.set(workerId, now);
  }
  const foreign = !dead && held.length === 0 && Date.now() - (await stat(folder)).mtimeMs > FOREIGN_KEPT_MS;
  const over = dead && held.length === 0 && now - deadSince.get(workerId)! > DEAD_KEPT_MS;
  if (foreign || over) {
    await rm(folder, { recursive: true, force: true });
    deadSince.delete(workerId);
  }
}

async function settleBatches(
  deps: SettlerDeps,
  workerId: string,
  due: HeldBatch[],
  { entries, taken }: WorkerJournal,
): Promise<void> {
  // The journal is not synced to disk. After a crash of the machine its newest lines may be missing, so a message without a
  // line may have been begun after all.
  const complete = isOfThisBoot(workerId);
  const items = due.flatMap((batch) => itemsOf(batch, entries, complete, deps));
  if (items.length > 0) {
    const { retries } = await recordOutcomes(deps.pool, items);
    if (retries.length > 0) deps.enqueue(retries);
  }
  // What the worker had claimed and not begun to handle is not why it died.
  const released = await releaseBatches(
    deps.pool,
    due.map(({ batchId, token }) => ({ batchId, token, strike: taken.has(token) })),
  );
  if (released.length > 0) deps.enqueue(released);
  const unknown = items.filter((item) => item.outcome.state === 'unknown').length;
  deps.log.warn({
    event: 'journal.settled',
    worker_id: workerId,
    batches: due.length,
    answered: items.length - unknown,
    unknown,
    released_batches: released.length,
  });
}

/** The messages of a batch of which something is known, or which may have been begun; the others certainly were not. */
function itemsOf(
  batch: HeldBatch,
  entries: Map<string, JournalEntry>,
  complete: boolean,
  deps: SettlerDeps,
): RecordItem[] {
  return batch.messages.flatMap((message): RecordItem[] => {
    const entry = entries.get(`${message.messageId} ${batch.token}`);
    if (!entry && complete) return [];
    const outcome =
      entry && 'result' in entry
        ? outcomeOf(entry.result, batch.attempt, DEFAULT_RETRY)
        : ({ state: 'unknown', code: 'ambiguous.worker_lost', detail: 'the worker died during the call' } as const);
    return [
      {
        batchId: batch.batchId,
        token: batch.token,
        messageId: message.messageId,
        tenantId: message.tenantId,
        outcome,
        provider: deps.provider,
        ...timesOf(outcome, batch, message.policy, deps.unknownWindowMs),
      },
    ];
  });
}

/** Somebody may have called a message unknown before this journal was read; an answer in it is the evidence that settles it. */
async function settleAnswered(deps: SettlerDeps, entries: Map<string, JournalEntry>): Promise<void> {
  const answered = [...entries].flatMap(([key, entry]) => {
    if (!('result' in entry) || entry.result.kind !== 'accepted') return [];
    const [messageId, token] = key.split(' ') as [string, string];
    return [{ messageId, token, provider: deps.provider, providerMessageId: entry.result.providerMessageId }];
  });
  if (answered.length > 0) await settleLate(deps.pool, answered);
}

type WorkerJournal = { entries: Map<string, JournalEntry>; taken: Set<string> };
const NO_JOURNAL: WorkerJournal = { entries: new Map(), taken: new Set() };

async function readJournal(folder: string): Promise<WorkerJournal> {
  const journal: WorkerJournal = { entries: new Map(), taken: new Set() };
  for (const name of (await readdir(folder)).sort()) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const [key, entry] of parseJournal(text)) journal.entries.set(key, entry);
    for (const token of takenTokens(text)) journal.taken.add(token);
  }
  return journal;
}

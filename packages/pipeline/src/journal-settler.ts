import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
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
} from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import { type JournalEntry, parseJournal } from './journal.ts';
import { outcomeOf } from './outcome.ts';
import { timesOf } from './record.ts';

/** The id under which a worker process claims and journals: `channel.host.pid.random`. */
export function newWorkerId(channel: string): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 40);
  return `${channel}.${host}.${process.pid}.${randomBytes(4).toString('hex')}`;
}

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

/**
 * Settles what dead workers left claimed, from the journals they wrote into this folder: a call that had answered is recorded,
 * one that was only begun is unknown, and what was never begun is released and sent. Looks at start and every few seconds.
 */
export async function startJournalSettler(deps: SettlerDeps): Promise<Part> {
  let running: Promise<void> = look();
  await running;
  const timer = setInterval(() => {
    running = running.then(look);
  }, LOOK_AGAIN_MS);

  async function look(): Promise<void> {
    try {
      await mkdir(deps.journalRoot, { recursive: true });
      for (const workerId of await readdir(deps.journalRoot)) {
        if (workerId !== deps.workerId && sameChannel(workerId, deps.workerId)) await settleWorker(deps, workerId);
      }
    } catch (error) {
      deps.log.warn({ event: 'journal.settle_failed', ...errorFields(error) });
    }
  }

  return {
    name: 'journal settler',
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Settles one other worker, if it is dead or its claims have run out. Its journal is removed when nothing is held any more. */
export async function settleWorker(deps: SettlerDeps, workerId: string): Promise<void> {
  const held = await heldByWorker(deps.pool, workerId);
  const dead = isDead(workerId);
  const due = held.filter((batch) => dead || batch.expired);
  if (due.length > 0) {
    const entries = await readJournal(join(deps.journalRoot, workerId));
    const items = due.flatMap((batch) => itemsOf(batch, entries, deps));
    if (items.length > 0) await recordOutcomes(deps.pool, items);
    const released = await releaseBatches(deps.pool, due);
    if (released.length > 0) deps.enqueue(released);
    deps.log.warn({
      event: 'journal.settled',
      worker_id: workerId,
      batches: due.length,
      answered: items.filter((item) => item.outcome.state !== 'unknown').length,
      unknown: items.filter((item) => item.outcome.state === 'unknown').length,
      released_batches: released.length,
    });
  }
  if (dead && held.length === due.length) await rm(join(deps.journalRoot, workerId), { recursive: true, force: true });
}

/** The messages of a batch of which the journal knows something; the others were never begun. */
function itemsOf(batch: HeldBatch, entries: Map<string, JournalEntry>, deps: SettlerDeps): RecordItem[] {
  return batch.messages.flatMap((message): RecordItem[] => {
    const entry = entries.get(`${message.messageId} ${batch.token}`);
    if (!entry) return [];
    const outcome =
      'result' in entry
        ? outcomeOf(entry.result, 1, DEFAULT_RETRY)
        : ({ state: 'unknown', code: 'ambiguous.worker_lost', detail: 'the worker died during the call' } as const);
    return [
      {
        batchId: batch.batchId,
        token: batch.token,
        messageId: message.messageId,
        tenantId: message.tenantId,
        outcome,
        provider: deps.provider,
        ...timesOf(outcome, { batchId: batch.batchId, attempt: 1 }, message.policy, deps.unknownWindowMs),
      },
    ];
  });
}

async function readJournal(folder: string): Promise<Map<string, JournalEntry>> {
  const entries = new Map<string, JournalEntry>();
  for (const name of (await readdir(folder)).sort()) {
    for (const [key, entry] of parseJournal(await readFile(join(folder, name), 'utf8'))) entries.set(key, entry);
  }
  return entries;
}

function sameChannel(workerId: string, other: string): boolean {
  return workerId.split('.')[0] === other.split('.')[0];
}

/**
 * Whether the worker's process is certainly gone: of this host, and its pid is free or is now ours. A pid that somebody
 * else has taken counts as alive; then the claim's end decides.
 */
function isDead(workerId: string): boolean {
  const [, host, pid] = workerId.split('.');
  if (host !== newWorkerId('').split('.')[1]) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

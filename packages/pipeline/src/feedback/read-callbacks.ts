import { BOUNCE_CODES, type InboundText, type ReadFeedback } from '@outrigger/core';
import { callbacksRead, feedbackFacts, settledByEvidence, suppressedByFeedback } from '@outrigger/metrics';
import type { Log } from '@outrigger/runtime';
import {
  applyBounces,
  type FeedbackItem,
  finishCallbacks,
  forgetBounces,
  inTransaction,
  isRefusedData,
  type ReadCallback,
  recordFeedback,
  type StoredCallback,
  takeCallbacks,
} from '@outrigger/store';
import { type AddressDeps, type Bounced, bouncedAddresses } from './bounced-addresses.ts';
import { applyInboundText } from './inbound-texts.ts';

export type FeedbackDeps = AddressDeps & {
  log: Log;
  /** How the callbacks of each provider are read. */
  readers: Readonly<Record<string, ReadFeedback>>;
  softBounceThreshold: number;
};

const GROUP = 200;
/** A receipt that names the provider's id may be faster than our record of that id: it is looked at again, six times in a day. */
const TRIES = 6;
const RETRY_MS = 5_000;

/**
 * Reads due callbacks, a group in one transaction: facts, what they settle, what they suppress, and that they were read.
 * Returns how many there were. A group that the ledger refuses is read one by one, and what it still refuses is quarantined.
 */
export async function readCallbacks(deps: FeedbackDeps, limit = GROUP): Promise<number> {
  try {
    return await readGroup(deps, limit);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    return limit > 1 ? readOneByOne(deps, limit) : quarantineNext(deps, String(error));
  }
}

async function readOneByOne(deps: FeedbackDeps, limit: number): Promise<number> {
  let read = 0;
  while (read < limit && (await readCallbacks(deps, 1)) === 1) read++;
  return read;
}

async function quarantineNext({ pool, log }: FeedbackDeps, problem: string): Promise<number> {
  log.error({ event: 'feedback.refused', problem });
  return inTransaction(pool, async (client) => {
    const callbacks = await takeCallbacks(client, 1);
    await finishCallbacks(
      client,
      callbacks.map(({ callbackId }) => ({ callbackId, result: 'quarantined', problem })),
    );
    return callbacks.length;
  });
}

async function readGroup(deps: FeedbackDeps, limit: number): Promise<number> {
  const done = await inTransaction(deps.pool, async (client): Promise<Done> => {
    const callbacks = await takeCallbacks(client, limit);
    if (callbacks.length === 0) return { read: [], callbacks, fresh: [], settled: 0, suppressed: 0 };
    const understood = callbacks.map((callback): Understood & { callback: StoredCallback } => ({
      callback,
      ...understand(callback, deps.readers),
    }));
    const items = understood.flatMap(({ items }) => items);
    for (const one of understood) {
      if (one.inbound) one.verdict = inboundVerdict(one.callback, await applyInboundText(client, one.inbound));
    }
    const { recorded, settled } = await recordFeedback(client, items);
    const outcomes = new Map(items.map((item, place) => [item, recorded[place]]));
    const fresh = items.flatMap((item, place): Bounced[] =>
      recorded[place]?.isNew ? [{ item, recorded: recorded[place] }] : [],
    );
    await forgetBounces(
      client,
      fresh.flatMap(({ item: { feedback }, recorded: { tenantId, at } }) =>
        feedback.fact === 'delivered' && feedback.recipient ? [{ tenantId, address: feedback.recipient, at }] : [],
      ),
    );
    const concerning = fresh.filter(({ item }) => item.feedback.concernsAddress);
    const bounces = await bouncedAddresses(client, concerning, deps);
    const suppressed = await applyBounces(client, bounces, deps.softBounceThreshold);
    const read = understood.map(
      ({ callback, items: own, verdict }) =>
        verdict ??
        verdictOf(
          callback,
          own.map((item) => outcomes.get(item)),
        ),
    );
    await finishCallbacks(client, read);
    return { read, callbacks, fresh, settled, suppressed };
  });
  report(deps.log, done);
  return done.read.length;
}

type Understood = { items: FeedbackItem[]; verdict?: ReadCallback; inbound?: InboundText };

/** What a callback says, or why it says nothing. Whatever is in it, it never throws: it would be read for ever. */
function understand(callback: StoredCallback, readers: FeedbackDeps['readers']): Understood {
  const { callbackId, provider, account, sourceId, receivedAt, body } = callback;
  const read = readers[provider]?.(body) ?? { problem: `nobody reads callbacks of ${provider}` };
  if ('problem' in read) {
    return { items: [], verdict: { callbackId, result: 'quarantined', problem: read.problem } };
  }
  if ('ignored' in read) return { items: [], verdict: { callbackId, result: 'ignored', problem: read.ignored } };
  if ('inbound' in read) return { items: [], inbound: read.inbound };
  return {
    items: read.feedback.map((feedback) => ({
      feedback,
      class: feedback.fact === 'bounced' && feedback.code ? BOUNCE_CODES[feedback.code].class : '',
      provider,
      account,
      sourceId,
      receivedAt,
    })),
  };
}

function inboundVerdict({ callbackId }: StoredCallback, result: 'applied' | 'ignored' | undefined): ReadCallback {
  if (result === 'applied') return { callbackId, result };
  const problem = result === 'ignored' ? 'no keyword' : 'no channel configuration sends from this number';
  return { callbackId, result: result ?? 'orphan', problem };
}

function verdictOf({ callbackId, tries }: StoredCallback, recorded: unknown[]): ReadCallback {
  if (recorded.some((one) => one !== undefined)) return { callbackId, result: 'applied' };
  const again = tries + 1 < TRIES ? { retryAfterMs: RETRY_MS * 6 ** tries } : {};
  return { callbackId, result: 'orphan', problem: 'the ledger has no such message', ...again };
}

type Done = {
  read: ReadCallback[];
  callbacks: StoredCallback[];
  fresh: Bounced[];
  settled: number;
  suppressed: number;
};

/** After the commit, so that nothing is counted that was rolled back. */
function report(log: Log, { read, callbacks, fresh, settled, suppressed }: Done): void {
  if (read.length === 0) return;
  for (const [place, { result }] of read.entries()) callbacksRead.inc({ provider: callbacks[place]!.provider, result });
  for (const { item } of fresh) feedbackFacts.inc({ account: item.account, fact: item.feedback.fact });
  settledByEvidence.inc(settled);
  suppressedByFeedback.inc(suppressed);
  const count = (result: ReadCallback['result']) => read.filter((one) => one.result === result).length;
  const [orphans, quarantined] = [count('orphan'), count('quarantined')];
  const fields = { applied: count('applied'), ignored: count('ignored'), orphans, quarantined, settled, suppressed };
  if (orphans + quarantined + settled > 0) log.warn({ event: 'feedback.read', ...fields });
  else log.debug({ event: 'feedback.read', ...fields });
}

import { DEFAULT_RETRY, type Outcome, type RetryPolicy } from '@outrigger/core';
import type { PooledProvider, PooledResult, PooledSendOptions } from '@outrigger/flow';
import type { ClaimedBatch } from '@outrigger/store';
import type { BrakesSince } from './brake-watch.ts';
import type { Denylist } from './denylist.ts';
import type { Journal } from './journal.ts';
import { combineResults, outcomeOf } from './outcome.ts';
import { routeOf } from './route.ts';
import type { Rendered, Step } from './step.ts';

export type SendDeps<Message> = {
  provider: PooledProvider<Message>;
  journal: Journal;
  providerTimeoutMs: number;
  /** Aborts when the process stops: ends the waiting for a slot, never a call. */
  stopping: AbortSignal;
  /** Brakes that have come into force since the claim. */
  brakes: BrakesSince;
  /** Of channels whose addresses may die. */
  denylist?: Denylist<Message> | undefined;
  /** Whether a call that starts now surely ends before the claim does, and the process is not stopping. */
  mayStart(): boolean;
};

/** How the attempt ended, which provider account said so, and how the campaign wants it tried again. */
export type Sent = { outcome: Outcome; provider: string; retry?: RetryPolicy };

/** Longest wait for a slot of the rate limits; after it the message goes back and waits in the ledger. */
export const LONGEST_SLOT_WAIT_MS = 5_000;

/**
 * Stage: hands the message to one of the channel's provider accounts, at most once. Waiting comes first (rates, breakers), then
 * the journal line, then the lease check: whoever settles this batch while we are frozen either finds the line or we find the
 * lease expired (decision 4). `undefined` means that no call was begun: the message stays in its batch.
 */
export async function send<Settings, Message>(
  step: Step<Rendered<Settings, Message>>,
  batch: ClaimedBatch,
  deps: SendDeps<Message>,
): Promise<Sent | undefined> {
  if ('stop' in step) return { outcome: step.stop, provider: '' };
  const { messageId } = step.message;
  const braked = { lane: batch.lane, brakes: deps.brakes.inForce() };
  const route = routeOf(step.message, step.go.version, braked, deps.provider.accounts);
  if ('stop' in route) return { outcome: route.stop, provider: '' };
  const options: PooledSendOptions = {
    ...route,
    maxWaitMs: LONGEST_SLOT_WAIT_MS,
    callTimeoutMs: deps.providerTimeoutMs,
    beforeCall: (account) => !deps.brakes.holds(step.message, account) && announce([messageId], batch.token, deps),
  };
  const results: PooledResult[] = [];
  for (const message of step.go.messages) {
    const result = await deps.provider.sendWith(message, deps.stopping, options);
    // Several push tokens take several calls; those that no longer fit into the lease are left out.
    if (result === undefined) break;
    results.push(result);
  }
  if (results.length === 0) return undefined;
  const result = combineResults(results) as PooledResult;
  // Before anything is waited for: a call that was answered must not look as if it had only begun.
  if (result.account !== undefined) deps.journal.results([{ messageId, result }], batch.token);
  if (deps.denylist) await deps.denylist(step.message, step.go.messages, results);
  const { retry = DEFAULT_RETRY } = step.go.version.definition;
  return { outcome: outcomeOf(result, batch.attempt, retry), provider: result.account ?? '', retry };
}

/** The last step before a provider call. A journal that cannot be written stops sending. */
export function announce<Message>(messageIds: readonly string[], token: string, deps: SendDeps<Message>): boolean {
  if (!deps.mayStart() || !deps.journal.begin(messageIds, token)) return false;
  if (deps.mayStart()) return true;
  deps.journal.abandon(messageIds, token);
  return false;
}

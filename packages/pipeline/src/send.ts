import { DEFAULT_RETRY, type Outcome, type Provider, type SendResult } from '@outrigger/core';
import type { ClaimedBatch } from '@outrigger/store';
import type { Journal } from './journal.ts';
import { combineResults, outcomeOf } from './outcome.ts';
import type { Rendered, Step } from './step.ts';

export type SendDeps<Message> = {
  provider: Provider<Message>;
  journal: Journal;
  providerTimeoutMs: number;
  /** Whether a call that starts now surely ends before the claim does, and the process is not stopping. */
  mayStart(): boolean;
};

/**
 * Stage: hands the message to the provider, at most once. The journal line goes before the lease check, so that whoever
 * settles this batch while we are frozen either finds the line or we find the lease expired (reliability 5.3).
 * `undefined` means that no call was begun: the message stays in its batch.
 */
export async function send<Settings, Message>(
  step: Step<Rendered<Settings, Message>>,
  batch: ClaimedBatch,
  deps: SendDeps<Message>,
): Promise<Outcome | undefined> {
  if ('stop' in step) return step.stop;
  const { messageId } = step.message;
  if (!deps.mayStart()) return undefined;
  // A journal that cannot be written stops sending: without the line a crash could not tell begun from not begun.
  if (!deps.journal.begin(messageId, batch.token)) return undefined;
  if (!deps.mayStart()) {
    deps.journal.abandon(messageId, batch.token);
    return undefined;
  }
  const results: SendResult[] = [];
  for (const message of step.go.messages) {
    // Several push tokens take several calls; those that no longer fit into the lease are left out.
    if (results.length > 0 && !deps.mayStart()) break;
    results.push(await call(message, deps));
  }
  const result = combineResults(results);
  deps.journal.result(messageId, batch.token, result);
  return outcomeOf(result, batch.attempt, DEFAULT_RETRY);
}

/** One provider call. A provider that throws has a bug; as its request may have gone out, the outcome is unknown. */
async function call<Message>(message: Message, deps: SendDeps<Message>): Promise<SendResult> {
  try {
    return await deps.provider.send(message, AbortSignal.timeout(deps.providerTimeoutMs));
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return { kind: 'unknown', code: 'ambiguous.response', vendorCode: `thrown ${name}` };
  }
}

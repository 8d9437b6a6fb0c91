import { setTimeout as delay } from 'node:timers/promises';
import { createGrouper, DEFAULT_RETRY, type Outcome, retryDelayMs } from '@outrigger/core';
import { errorFields, type Log } from '@outrigger/runtime';
import { type ClaimedBatch, type ClaimedMessage, type Pool, type RecordItem, recordOutcomes } from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import type { Sent } from './send.ts';

/** Writes one message's outcome; resolves when it is committed. */
export type Record = (
  batch: ClaimedBatch,
  message: ClaimedMessage,
  sent: Sent,
  policy: 'resend' | 'hold',
) => Promise<void>;

const MAX_GROUP = 1_000;
/** What was put off without an attempt (throttle, breaker, rate) is looked at again this soon at the latest. */
const PUT_OFF_CAP_MS = 30_000;
const RETRY_WRITE_MS = 500;

/**
 * Stage: outcomes of all batches of this process are written together, group after group. When the ledger is away the
 * outcomes are kept and written when it is back: a call that was made must not be forgotten. What a crash would lose
 * meanwhile is in the journal.
 */
export function createRecorder(deps: { pool: Pool; enqueue: Enqueue; log: Log; unknownWindowMs: number }): Record {
  const grouper = createGrouper<RecordItem, void>({
    maxWeight: MAX_GROUP,
    async flush(items) {
      const { retries } = await writeUntilDone(items);
      if (retries.length > 0) deps.enqueue(retries);
      return items.map(() => undefined);
    },
  });

  async function writeUntilDone(items: RecordItem[]) {
    for (;;) {
      try {
        return await recordOutcomes(deps.pool, items);
      } catch (error) {
        deps.log.error({ event: 'record.failed', outcomes: items.length, ...errorFields(error) });
        await delay(RETRY_WRITE_MS);
      }
    }
  }

  return (batch, message, { outcome, provider }, policy) =>
    grouper.add({
      batchId: batch.batchId,
      token: batch.token,
      messageId: message.messageId,
      tenantId: message.tenantId,
      outcome,
      provider,
      ...timesOf(outcome, batch, policy, deps.unknownWindowMs),
    });
}

/** When a deferred message is tried again, or when an unknown one is decided. */
export function timesOf(
  outcome: Outcome,
  batch: { batchId: string; pass: number },
  policy: 'resend' | 'hold',
  unknownWindowMs: number,
): Partial<RecordItem> {
  if (outcome.state === 'unknown') return { policy, decideAt: new Date(Date.now() + unknownWindowMs) };
  if (outcome.state !== 'deferred') return {};
  if (outcome.brakeId !== undefined) return { brakeId: outcome.brakeId };
  // One jitter a batch and second, so that messages refused together wait together as one batch.
  const random = Number(BigInt(batch.batchId) % 97n) / 97;
  // Passes and not attempts: a throttle that costs no attempt must back off all the same.
  const policyOf = outcome.costsAttempt ? DEFAULT_RETRY : { ...DEFAULT_RETRY, capMs: PUT_OFF_CAP_MS };
  const delayMs = retryDelayMs(policyOf, batch.pass, outcome.retryAfterMs, random);
  return { eligibleAt: new Date(Math.ceil((Date.now() + delayMs) / 1_000) * 1_000) };
}

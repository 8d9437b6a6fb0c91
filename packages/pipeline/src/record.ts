import { setTimeout as delay } from 'node:timers/promises';
import { createGrouper, DEFAULT_RETRY, type Outcome, type RetryPolicy, retryDelayMs } from '@outrigger/core';
import { recordGroupOutcomes, recordSeconds } from '@outrigger/metrics';
import { errorFields, type Log } from '@outrigger/runtime';
import {
  type ClaimedBatch,
  type ClaimedMessage,
  isRefusedData,
  type Pool,
  type Recorded,
  type RecordItem,
  recordOutcomes,
} from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import type { ReportAttempt } from './report-attempt.ts';
import type { Sent } from './send.ts';

/** What its version wants when the outcome is unknown, and what its content noted about the message. */
export type AboutMessage = { onUnknown: 'resend' | 'hold'; metadata?: { [key: string]: string } | undefined };

/** Writes one message's outcome; resolves when it is committed. */
export type Record = (batch: ClaimedBatch, message: ClaimedMessage, sent: Sent, about: AboutMessage) => Promise<void>;

const MAX_GROUP = 1_000;
/** A statement costs about 0.4 ms of CPU by itself, and a message 2 us. */
const SPACING_MS = 10;
/** What was put off without an attempt (throttle, breaker, rate) is looked at again this soon at the latest. */
const PUT_OFF_CAP_MS = 30_000;
/** Whoever limits a rate says when there is a place again (our own limiter keeps it): no back-off on top, up to this. */
const LONGEST_TOLD_MS = 60 * 60_000;
const RETRY_WRITE_MS = 500;

/**
 * Stage: outcomes of all batches of this process are written together, group after group. When the ledger is away the
 * outcomes are kept and written when it is back: a call that was made must not be forgotten. What a crash would lose
 * meanwhile is in the journal.
 */
export function createRecorder(deps: {
  pool: Pool;
  enqueue: Enqueue;
  log: Log;
  unknownWindowMs: number;
  reportAttempt: ReportAttempt;
}): Record {
  const grouper = createGrouper<RecordItem, void>({
    maxWeight: MAX_GROUP,
    spacingMs: SPACING_MS,
    async flush(items) {
      const { retries } = await writeUntilDone(items);
      if (retries.length > 0) deps.enqueue(retries);
      return items.map(() => undefined);
    },
  });

  async function writeUntilDone(items: RecordItem[]) {
    for (;;) {
      try {
        const stopTimer = recordSeconds.startTimer();
        const recorded = await recordOutcomes(deps.pool, items);
        stopTimer();
        recordGroupOutcomes.observe(items.length);
        return recorded;
      } catch (error) {
        deps.log.error({ event: 'record.failed', outcomes: items.length, ...errorFields(error) });
        if (isRefusedData(error)) return writeOneByOne(items);
        await delay(RETRY_WRITE_MS);
      }
    }
  }

  /**
   * The ledger is there and refuses the group: one outcome in it cannot be written. The others must not wait for it for ever. It
   * stays claimed, and becomes unknown when its claim has run out.
   */
  async function writeOneByOne(items: RecordItem[]): Promise<Pick<Recorded, 'retries'>> {
    const retries: Recorded['retries'] = [];
    for (const item of items) {
      try {
        retries.push(...(await recordOutcomes(deps.pool, [item])).retries);
      } catch (error) {
        deps.log.error({ event: 'record.refused', message_id: item.messageId, ...errorFields(error) });
      }
    }
    return { retries };
  }

  return (batch, message, sent, { onUnknown, metadata }) => {
    const { outcome, provider, retry } = sent;
    const times = timesOf(outcome, batch, onUnknown, deps.unknownWindowMs, retry);
    deps.reportAttempt(batch, message, sent, times.eligibleAt);
    return grouper.add({
      batchId: batch.batchId,
      token: batch.token,
      messageId: message.messageId,
      tenantId: message.tenantId,
      outcome,
      provider,
      pass: batch.pass,
      ...times,
      ...(metadata && { metadata }),
    });
  };
}

/** When a deferred message is tried again, or when an unknown one is decided. */
export function timesOf(
  outcome: Outcome,
  batch: { batchId: string; pass: number },
  policy: 'resend' | 'hold',
  unknownWindowMs: number,
  retry: RetryPolicy = DEFAULT_RETRY,
): Partial<RecordItem> {
  if (outcome.state === 'unknown') return { policy, decideAt: new Date(Date.now() + unknownWindowMs) };
  if (outcome.state !== 'deferred') return {};
  if (outcome.brakeId !== undefined) return { brakeId: outcome.brakeId };
  // One jitter a batch and second, so that messages refused together wait together as one batch.
  const random = Number(BigInt(batch.batchId) % 97n) / 97;
  // Passes and not attempts: a throttle that costs no attempt must back off all the same.
  const backOff = outcome.costsAttempt ? retry : { ...retry, capMs: Math.min(retry.capMs, PUT_OFF_CAP_MS) };
  const delayMs =
    outcome.code === 'transient.throttled' && outcome.retryAfterMs !== undefined
      ? Math.min(outcome.retryAfterMs, LONGEST_TOLD_MS)
      : retryDelayMs(backOff, batch.pass, outcome.retryAfterMs, random);
  return { eligibleAt: new Date(Math.ceil((Date.now() + delayMs) / 1_000) * 1_000) };
}

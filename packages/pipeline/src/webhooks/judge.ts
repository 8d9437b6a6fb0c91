import { retryDelayMs } from '@outrigger/core';
import type { DueRetry, FailedPost } from '@outrigger/store';
import type { PostAnswer } from './post.ts';

/** So long after its first failure an event is tried again; then it is a dead letter (spec 12.1). */
export const RETRY_FOR_MS = 24 * 3_600_000;
/** A refusal that is not for now: the receiver is given this many chances, because it may be the one that is wrong for a moment. */
const REFUSED_ATTEMPTS = 3;
const RETRY = { baseMs: 10_000, capMs: 3_600_000, maxAttempts: Number.POSITIVE_INFINITY };
/** Posts that fail in a row until the endpoint is left alone for a while, and for how long: longer each time. */
export const FAILURES_TO_PAUSE = 10;
const PAUSE = { baseMs: 5_000, capMs: 300_000, maxAttempts: Number.POSITIVE_INFINITY };

/** How a post ended. `pauseMs`: the receiver asked to be left alone so long; `gone`: for good. */
export type Verdict = { taken: true } | { taken: false; failed: FailedPost; pauseMs?: number; gone?: boolean };

/**
 * 2xx is taken. No answer, a redirect, 429 and 5xx are tried again for a day, at growing intervals with jitter; any other 4xx
 * three times. What was asked for in Retry-After holds, between a second and an hour. 410 ends it (Standard Webhooks): the event
 * waits until the webhook has been replaced.
 */
export function judge(
  answer: PostAnswer,
  eventId: string,
  before: Pick<DueRetry, 'attempts' | 'firstFailedAt'> | undefined,
  nowMs: number,
  random: () => number = Math.random,
): Verdict {
  const status = 'status' in answer ? answer.status : 0;
  if (status >= 200 && status < 300) return { taken: true };
  const attempts = (before?.attempts ?? 0) + 1;
  const problem = 'problem' in answer ? answer.problem : `answered ${status}`;
  const gone = status === 410;
  const refused = status >= 400 && status < 500 && status !== 429 && status !== 408;
  const waitedMs = before ? nowMs - before.firstFailedAt.getTime() : 0;
  const over = gone ? false : refused ? attempts >= REFUSED_ATTEMPTS : waitedMs >= RETRY_FOR_MS;
  if (over) return { taken: false, failed: { eventId, attempts, problem, retryInMs: 'dead' } };
  const askedMs =
    status === 429 || status === 503 ? retryAfterMs('status' in answer ? answer.retryAfter : '', nowMs) : undefined;
  const retryInMs = retryDelayMs(RETRY, attempts, askedMs, random());
  const failed = { eventId, attempts, problem, retryInMs };
  return {
    taken: false,
    failed,
    ...(askedMs !== undefined && { pauseMs: askedMs }),
    ...(gone && { gone }),
  };
}

/** Seconds or a date (RFC 9110 10.2.3), held between a second and an hour; undefined for anything else. */
export function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const ms = /^-?\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 1_000), 3_600_000);
}

/** How long an endpoint is left alone after so many failures in a row; undefined while they are few. */
export function pauseAfter(failures: number, random: () => number = Math.random): number | undefined {
  if (failures < FAILURES_TO_PAUSE) return undefined;
  return retryDelayMs(PAUSE, failures - FAILURES_TO_PAUSE + 1, undefined, random());
}

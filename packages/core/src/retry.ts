import type { Channel } from './channel.ts';

/** How a certain refusal is tried again, as data. */
export type RetryPolicy = { baseMs: number; capMs: number; maxAttempts: number };

export const DEFAULT_RETRY: RetryPolicy = { baseMs: 2_000, capMs: 10 * 60_000, maxAttempts: 30 };

/** What a campaign gets when it says nothing. A text or a push is stale soon, so it is tried closer together and not as long. */
export const CHANNEL_RETRY: Record<Channel, RetryPolicy> = {
  email: DEFAULT_RETRY,
  sms: { baseMs: 1_000, capMs: 60_000, maxAttempts: 15 },
  push: { baseMs: 1_000, capMs: 60_000, maxAttempts: 15 },
};

/**
 * Delay before the next attempt: exponential with full jitter (AWS Builders' Library), never under what the provider asked.
 * `attempt` is how often it was tried or put off, counted from 1; `random` is in [0, 1).
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
  random: number,
): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
  // Half of the ceiling is kept so that the very first retry is not immediate.
  const jittered = Math.round(ceiling / 2 + random * (ceiling / 2));
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, 60 * 60_000));
}

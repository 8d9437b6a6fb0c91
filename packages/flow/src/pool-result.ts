import type { SendResult } from '@outrigger/core';

export type PooledResult = SendResult & {
  /** The account that gave the result; undefined when no account was called. */
  account?: string;
};

/** Refusals that concern the account, so that another account may take the message. */
const FAILS_OVER: ReadonlySet<string> = new Set([
  'transient.unavailable',
  'transient.configuration',
  'transient.throttled',
]);

export function failsOver(result: SendResult): boolean {
  return result.kind === 'refused' && FAILS_OVER.has(result.code);
}

export const NO_ACCOUNT: PooledResult = {
  kind: 'refused',
  code: 'transient.configuration',
  vendorCode: 'no_such_account',
  detail: 'no account that the channel configuration names is configured in this worker',
};

export function breakerOpen(retryInMs: number): PooledResult {
  // Spread, or everything that was held back comes at the same moment, before the probe has had its answer.
  const retryAfterMs = Math.ceil(Math.min(retryInMs, 120_000) * (1 + Math.random() / 4));
  return { kind: 'refused', code: 'transient.unavailable', vendorCode: 'breaker_open', retryAfterMs };
}

export function rateLimited(retryInMs: number): PooledResult {
  return {
    kind: 'refused',
    code: 'transient.throttled',
    vendorCode: 'rate_limited',
    retryAfterMs: Math.ceil(retryInMs),
  };
}

/** A provider that throws has a bug; as its request may have gone out, the outcome is unknown. */
export function thrown(error: unknown): SendResult {
  const name = error instanceof Error ? error.name : typeof error;
  return { kind: 'unknown', code: 'ambiguous.response', vendorCode: `thrown ${name}` };
}

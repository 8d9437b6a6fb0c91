import { NOT_BEGUN, type SendResult } from '@outrigger/core';
import type { BreakerPolicy } from './breaker.ts';

/** What a call says of its provider account, whatever it says of the message. */
export type CallVerdict = 'answered' | 'failed' | 'configuration' | 'silent';

/**
 * An account that cannot be reached, refuses us, or leaves us in doubt has failed; any other answer, a refused recipient or
 * content and a throttle among them, proves that it works. A provider that answers every call with HTTP 500 leaves every
 * message unknown, so doubts count in full. A call that we gave up before it began says nothing.
 */
export function verdictOf(result: SendResult): CallVerdict {
  if (result.kind === 'accepted') return 'answered';
  if (result.kind === 'unknown') return 'failed';
  if (result.code === 'transient.configuration') return 'configuration';
  if (result.code !== 'transient.unavailable') return 'answered';
  return 'vendorCode' in NOT_BEGUN && result.vendorCode === NOT_BEGUN.vendorCode ? 'silent' : 'failed';
}

/** The last calls of one account that this process made, oldest first. */
export type CallWindow = { atMs: number; verdict: CallVerdict }[];

/** Adds a call and says whether the account should be taken out of service, and why. */
export function addCall(
  window: CallWindow,
  verdict: CallVerdict,
  atMs: number,
  policy: BreakerPolicy,
): string | undefined {
  if (verdict === 'silent') return undefined;
  window.push({ atMs, verdict });
  while (window.length > policy.windowCalls || (window[0] && window[0].atMs < atMs - policy.windowMs)) window.shift();
  if (verdict === 'answered') return undefined;
  const last = window.slice(-policy.configurationInRow);
  if (last.length === policy.configurationInRow && last.every((call) => call.verdict === 'configuration')) {
    return `${last.length} refusals of our configuration in a row`;
  }
  const failures = window.filter((call) => call.verdict !== 'answered').length;
  if (failures < policy.failures || failures < window.length * policy.failureShare) return undefined;
  return `${failures} of the last ${window.length} calls failed`;
}

import type { DeferralCode, Outcome, RefusalCode, RetryPolicy, SendResult } from '@outrigger/core';

/** Refusals that say nothing about the message: they wait and never use up an attempt (design section 2.6). */
const COSTS_NO_ATTEMPT: ReadonlySet<string> = new Set<DeferralCode>([
  'transient.throttled',
  'transient.unavailable',
  'transient.configuration',
]);

/** What a provider's answer means for the message. `attempt` counts from 1 and is the one that was just made. */
export function outcomeOf(result: SendResult, attempt: number, policy: RetryPolicy): Outcome {
  switch (result.kind) {
    case 'accepted':
      return { state: 'sent', providerMessageId: result.providerMessageId };
    case 'unknown':
      return { state: 'unknown', code: result.code, detail: describe(result) };
    case 'refused':
      return refusalOutcome(result, attempt, policy);
    default:
      return result satisfies never;
  }
}

type Refused = Extract<SendResult, { kind: 'refused' }>;

function refusalOutcome(result: Refused, attempt: number, policy: RetryPolicy): Outcome {
  const { code } = result;
  if (!isDeferral(code)) return { state: 'failed', code, detail: describe(result) };
  const costsAttempt = !COSTS_NO_ATTEMPT.has(code);
  if (costsAttempt && attempt >= policy.maxAttempts) {
    return { state: 'failed', code: 'permanent.attempts_exhausted', detail: describe(result) };
  }
  const retryAfterMs = result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs };
  return { state: 'deferred', code, costsAttempt, detail: describe(result), ...retryAfterMs };
}

function isDeferral(code: RefusalCode): code is RefusalCode & DeferralCode {
  return code.startsWith('transient.');
}

function describe(result: { vendorCode: string; detail?: string }): string {
  return result.detail ? `${result.vendorCode}: ${result.detail}` : result.vendorCode;
}

/**
 * One outcome for a message with several addresses (push tokens): taken by any of them counts as accepted; otherwise doubt
 * wins over refusal, and a refusal that may pass wins over one for good.
 */
export function combineResults(results: SendResult[]): SendResult {
  const rank = (result: SendResult) => {
    if (result.kind === 'accepted') return 0;
    if (result.kind === 'unknown') return 1;
    return isDeferral(result.code) ? 2 : 3;
  };
  return results.toSorted((a, b) => rank(a) - rank(b))[0]!;
}

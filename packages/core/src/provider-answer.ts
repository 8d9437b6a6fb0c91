import type { UnknownCode } from './codes.ts';
import type { RefusalCode, SendResult } from './provider.ts';

/** A refusal or a doubt, whichever family the code is of. */
export function answerWith(
  code: RefusalCode | UnknownCode,
  vendorCode: string,
  extra: { detail?: string; retryAfterMs?: number } = {},
): SendResult {
  const detail = extra.detail === undefined ? {} : { detail: extra.detail.slice(0, LONGEST_DETAIL) };
  if (isDoubt(code)) return { kind: 'unknown', code, vendorCode, ...detail };
  const retryAfter = extra.retryAfterMs === undefined ? {} : { retryAfterMs: extra.retryAfterMs };
  return { kind: 'refused', code, vendorCode, ...detail, ...retryAfter };
}

/** The answer for a message whose deadline passed before anything of it went out: certain, so it may be tried again. */
export const NOT_BEGUN: SendResult = { kind: 'refused', code: 'transient.unavailable', vendorCode: 'deadline_passed' };

const LONGEST_DETAIL = 500;

function isDoubt(code: RefusalCode | UnknownCode): code is UnknownCode {
  return code.startsWith('ambiguous.');
}

import type { RefusalCode, UnknownCode } from '@outrigger/core';

/**
 * What a status of HTTP means for a message (RFC 9110 section 15, RFC 6585). A provider of one's own has no table of codes that we
 * could know, so only what every one of them means is certain; the others are in doubt.
 */
export const HTTP_STATUSES = {
  400: 'permanent.content',
  // The account cannot send now, or the address is wrong: its messages wait for its owner.
  401: 'transient.configuration',
  402: 'transient.configuration',
  403: 'transient.configuration',
  404: 'transient.configuration',
  405: 'transient.configuration',
  410: 'transient.configuration',
  413: 'permanent.content',
  415: 'transient.configuration',
  422: 'permanent.content',
  429: 'transient.throttled',
} as const satisfies Record<number, RefusalCode>;

export function codeOfStatus(status: number): RefusalCode | UnknownCode {
  // A redirect is not followed: it may lead anywhere.
  if (status >= 300 && status < 400) return 'transient.configuration';
  return (HTTP_STATUSES as Record<number, RefusalCode>)[status] ?? 'ambiguous.response';
}

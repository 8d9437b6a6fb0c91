import type { RefusalCode } from '@outrigger/core';

/**
 * What an SMTP server says, by enhanced status code (RFC 3463 and the IANA registry "SMTP Enhanced Status Codes"), and
 * what it means (reliability 5.4). A reply is a certain refusal at any command, also after the message.
 * The most exact key wins: `class.subject.detail`, then `class.subject`.
 */
export const ENHANCED_CODES = {
  // Our sender, login or standing with this server: no message of ours would go through, so they wait for a person.
  '5.1.7': 'transient.configuration',
  '5.1.8': 'transient.configuration',
  '5.7.0': 'transient.configuration',
  '5.7.8': 'transient.configuration',
  '5.7.9': 'transient.configuration',
  '5.7.11': 'transient.configuration',
  '5.7.13': 'transient.configuration',
  '5.7.14': 'transient.configuration',
  '5.7.20': 'transient.configuration',
  '5.7.21': 'transient.configuration',
  '5.7.22': 'transient.configuration',
  '5.7.23': 'transient.configuration',
  '5.7.24': 'transient.configuration',
  '5.7.25': 'transient.configuration',
  '5.7.26': 'transient.configuration',
  '5.7.27': 'transient.configuration',
  '4.7.8': 'transient.configuration',

  // Too fast or too much at once. 4.7.28 and 4.7.0 with 421 are how large mailbox providers slow a sender down.
  '4.3.2': 'transient.throttled',
  '4.4.5': 'transient.throttled',
  '4.7.28': 'transient.throttled',

  // The mailbox takes no mail of this size, though the recipient exists.
  '5.2.3': 'permanent.content',
  '5.3.4': 'permanent.content',

  '5.1': 'permanent.recipient',
  '5.2': 'permanent.recipient',
  '5.4': 'permanent.recipient',
  '5.3': 'permanent.content',
  '5.5': 'permanent.content',
  '5.6': 'permanent.content',
  '5.7': 'permanent.content',
} as const satisfies Record<string, RefusalCode>;

/**
 * The same by reply code, for a server without enhanced codes and for codes whose first meaning is the stronger one.
 * `RCPT TO` decides about the recipient; a refusal there says nothing about the content.
 */
export const REPLY_CODES = {
  // "Service not available, closing transmission channel" and the throttling of Amazon SES.
  421: 'transient.throttled',
  454: 'transient.throttled',
  // The session was in the wrong state (RFC 5321 section 4.1.4), not the message.
  503: 'transient.refused',
  // Login needed, refused, too weak, or not offered (RFC 4954 section 6).
  530: 'transient.configuration',
  534: 'transient.configuration',
  535: 'transient.configuration',
  538: 'transient.configuration',
} as const satisfies Record<number, RefusalCode>;

const ENHANCED = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/;

export type SmtpReply = { replyCode: number; text: string; command: string };

/** The vendor code to record: the reply code with the enhanced one, `550 5.1.1`. */
export function vendorCodeOf(reply: SmtpReply): string {
  const enhanced = ENHANCED.exec(reply.text)?.[1];
  return enhanced === undefined ? String(reply.replyCode) : `${reply.replyCode} ${enhanced}`;
}

/** The class of a 4yz or 5yz reply to `command`. */
export function codeOfReply(reply: SmtpReply): RefusalCode {
  if (reply.command.startsWith('AUTH')) {
    return reply.replyCode < 500 ? 'transient.unavailable' : 'transient.configuration';
  }
  // SES keeps the daily quota under the code of its throttling: "454 Throttling failure: Daily message quota exceeded".
  if (reply.replyCode === 454 && /daily message quota/i.test(reply.text)) return 'transient.configuration';
  const byReply = lookUp(REPLY_CODES, String(reply.replyCode));
  if (byReply) return byReply;
  const enhanced = ENHANCED.exec(reply.text)?.[1];
  const byEnhanced =
    enhanced &&
    (lookUp(ENHANCED_CODES, enhanced) ?? lookUp(ENHANCED_CODES, enhanced.slice(0, enhanced.lastIndexOf('.'))));
  if (byEnhanced) return byEnhanced;
  if (reply.replyCode < 500) return 'transient.refused';
  if (reply.command === 'RCPT TO') return 'permanent.recipient';
  // 552 to MAIL FROM is about the announced size (RFC 1870); any other refusal there is about our sender address.
  if (reply.command === 'MAIL FROM' && reply.replyCode !== 552) return 'transient.configuration';
  // A greeting or EHLO with 5yz: this server wants nothing from us at all.
  if (reply.command === 'CONN' || reply.command === 'EHLO' || reply.command === 'HELO')
    return 'transient.configuration';
  return 'permanent.content';
}

function lookUp(table: Record<string, RefusalCode>, key: string): RefusalCode | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

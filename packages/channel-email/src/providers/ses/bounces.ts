import type { BounceCode } from '@outrigger/core';

/**
 * What a bounce of SES means in the taxonomy of spec 11.4, by type and subtype. Names: "Bounce object" in "Contents of event
 * data that Amazon SES publishes to Amazon SNS". A type that is not named here counts as a soft bounce (reliability I15).
 */
export const SES_BOUNCES = {
  Permanent: {
    General: '10',
    NoEmail: '10',
    // SES did not even try: the address is on its own or on the account's suppression list.
    Suppressed: '15',
    OnAccountSuppressionList: '15',
    UnsubscribedRecipient: '25',
  },
  Transient: {
    General: '20',
    MailboxFull: '22',
    MessageTooLarge: '23',
    ContentRejected: '52',
    AttachmentRejected: '25',
    CustomTimeoutExceeded: '24',
  },
  Undetermined: { Undetermined: '1' },
} as const satisfies Record<string, Record<string, BounceCode>>;

/** For a subtype that is not in the table. */
const BY_TYPE: Record<string, BounceCode> = { Permanent: '10', Transient: '20', Undetermined: '1' };

/** What the far side said where the subtype is General, in the words of common mail servers and their enhanced codes (RFC 3463). */
const DIAGNOSTICS: [RegExp, BounceCode][] = [
  [/\b[45]\.4\.4\b|(host|domain) (name )?(lookup|not found)|dns|nxdomain/i, '21'],
  [/\b[45]\.2\.2\b|mailbox (is )?full|over (disk )?quota/i, '22'],
  [/\b5\.7\.1\b.*relay|relay(ing)? (access )?denied/i, '54'],
  [/challenge[- ]response/i, '100'],
];

/** The bounce code of a type and subtype; General is made more precise by what the far side said. */
export function sesBounceCode(type: string, subtype: string, diagnostic: string): BounceCode {
  const subtypes = own<Record<string, BounceCode>>(SES_BOUNCES, type) ?? {};
  const code = own(subtypes, subtype) ?? own(BY_TYPE, type) ?? '20';
  // Never the other way: a permanent bounce stays hard whatever it says.
  if (code !== '20') return code;
  return DIAGNOSTICS.find(([words]) => words.test(diagnostic))?.[1] ?? code;
}

/** The names come from outside: `constructor` must find nothing. */
function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

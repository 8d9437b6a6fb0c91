import type { InboundText } from './sms-keywords.ts';

/**
 * What a provider says of a message after it took it (spec 12.3). A fact never moves a state back; the earliest of a kind
 * wins, so that order and repetition do not matter (reliability P26).
 */
export const FEEDBACK_FACTS = [
  'sent',
  'delivered',
  'delayed',
  'bounced',
  'complained',
  'rejected',
  'render_failed',
] as const;
export type FeedbackFact = (typeof FEEDBACK_FACTS)[number];

/** Hard and soft bounces touch suppression; ignored ones are reported and never counted (spec 11.4). */
export type BounceClass = 'hard' | 'soft' | 'ignored';

/** The bounce taxonomy of spec 11.4. */
export const BOUNCE_CODES = {
  '1': { label: 'Undetermined', class: 'ignored' },
  '10': { label: 'Invalid Recipient', class: 'hard' },
  '15': { label: 'Recipient Refused', class: 'hard' },
  '20': { label: 'Soft Bounce', class: 'soft' },
  '21': { label: 'DNS Failure', class: 'soft' },
  '22': { label: 'Mailbox Full', class: 'soft' },
  '23': { label: 'Too Large', class: 'ignored' },
  '24': { label: 'Timeout', class: 'ignored' },
  '25': { label: 'Admin Failure', class: 'ignored' },
  '30': { label: 'Generic Bounce: NO RCPT', class: 'ignored' },
  '40': { label: 'Generic Bounce', class: 'ignored' },
  '50': { label: 'Mail Block', class: 'ignored' },
  '51': { label: 'Spam Block', class: 'ignored' },
  '52': { label: 'Spam Content', class: 'ignored' },
  '54': { label: 'Relaying Denied', class: 'soft' },
  '60': { label: 'Auto-Reply', class: 'ignored' },
  '70': { label: 'Transient Failure', class: 'ignored' },
  '100': { label: 'Challenge-Response', class: 'soft' },
} as const satisfies Record<string, { label: string; class: BounceClass }>;
export type BounceCode = keyof typeof BOUNCE_CODES;

/** One thing that a provider said of one message, read from a callback. */
export type Feedback = {
  /** Which message: by the tag that we gave it (proof whatever became of the call), or by the provider's own id. */
  of: { messageId: string } | { providerMessageId: string };
  fact: FeedbackFact;
  /** Of a bounce or a delay. */
  code?: BounceCode;
  /** When it happened, as the provider says; undefined when it does not say it in a way that can be read. */
  statedAt: Date | undefined;
  providerMessageId?: string;
  /** Whether the address may not be written to again: a complaint that is one, any bounce by its class. */
  concernsAddress: boolean;
  /** The one address that the provider says it was given. It is believed only where the ledger cannot say it itself. */
  recipient?: string;
  detail?: string;
};

/**
 * How a callback is read: what it says of our messages, a text that came in, that it says nothing of us, or why it cannot be
 * understood.
 */
export type ReadFeedback = (
  body: string,
) => { feedback: Feedback[] } | { inbound: InboundText } | { ignored: string } | { problem: string };

/** A fact of the ledger, as far as the status of a message depends on it. */
export type KnownFact = { fact: FeedbackFact; class: BounceClass | ''; at: Date };

/** From the most to the least that can be said. */
export const FEEDBACK_STATUSES = [
  'complained',
  'out_of_band',
  'bounced',
  'rejected',
  'delivered',
  'soft_bounced',
  'delayed',
  'sent',
] as const;
export type FeedbackStatus = (typeof FEEDBACK_STATUSES)[number];

/**
 * The one word for a set of facts, whatever their order: complained, then bounced for good, refused by the provider,
 * delivered, bounced for now, delayed, sent. A bounce after the delivery is out of band (spec 12.3).
 */
export function feedbackStatus(facts: readonly KnownFact[]): FeedbackStatus | undefined {
  const find = (fact: FeedbackFact, ...classes: string[]) =>
    facts.find((one) => one.fact === fact && (classes.length === 0 || classes.includes(one.class)));
  const [hard, delivered] = [find('bounced', 'hard'), find('delivered')];
  if (find('complained')) return 'complained';
  if (hard) return delivered && delivered.at < hard.at ? 'out_of_band' : 'bounced';
  if (find('rejected') || find('render_failed')) return 'rejected';
  if (delivered) return 'delivered';
  if (find('bounced')) return 'soft_bounced';
  if (find('delayed')) return 'delayed';
  return find('sent') && 'sent';
}

/** A provider's clock may be ahead of ours by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * When a fact counts as having happened: what the provider says, unless that lies before the message existed or after the
 * callback arrived; then it is the arrival (reliability I19).
 */
export function believableAt(statedAt: Date | undefined, acceptedAt: Date, receivedAt: Date): Date {
  if (statedAt === undefined || Number.isNaN(statedAt.getTime())) return receivedAt;
  const early = statedAt.getTime() < acceptedAt.getTime() - CLOCK_SKEW_MS;
  const late = statedAt.getTime() > receivedAt.getTime() + CLOCK_SKEW_MS;
  return early || late ? receivedAt : statedAt;
}

/** Soft bounces after which an address is suppressed (spec 11.3). */
export const SOFT_BOUNCE_THRESHOLD = 5;
/** Bounces of different messages within a day are one event, for example one full mailbox (spec 11.3). */
const SEPARATE_BOUNCES_MS = 24 * 60 * 60_000;

/**
 * The soft-bounce counter of an address (spec 11.3): every bounce of one message counts, those of another message only when
 * they come a day or more after the last that counted. Deliveries have taken away what was before them.
 */
export function countSoftBounces(bounces: readonly { messageId: string; at: Date }[]): number {
  let count = 0;
  let last: { messageId: string; at: Date } | undefined;
  for (const bounce of bounces.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    const separate = last === undefined || bounce.at.getTime() - last.at.getTime() >= SEPARATE_BOUNCES_MS;
    if (!separate && last!.messageId !== bounce.messageId) continue;
    count++;
    last = bounce;
  }
  return count;
}

/**
 * How much longer than `UNKNOWN_WINDOW_MS` an unknown message waits, at most, while a source of callbacks lags behind: what
 * lies unread there may be the evidence.
 */
export const EVIDENCE_GRACE_MS = 15 * 60_000;

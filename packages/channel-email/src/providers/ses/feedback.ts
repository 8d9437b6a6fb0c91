import { BOUNCE_CODES, type BounceCode, type Feedback, isUuid, type ReadFeedback } from '@outrigger/core';
import { z } from 'zod';
import { sesBounceCode } from './bounces.ts';
import { SES_MESSAGE_TAG } from './request.ts';

const text = z.string().catch('');
const recipients = z
  .array(z.looseObject({ emailAddress: text, diagnosticCode: text, status: text }))
  .max(50)
  .catch([]);

/** The members that we read. Everything else, and everything malformed beside the essential ones, is let be. */
const event = z.looseObject({
  eventType: z.string().max(40).optional(),
  // Its name when no configuration set publishes events.
  notificationType: z.string().max(40).optional(),
  mail: z.looseObject({
    messageId: z.string().min(1).max(200),
    timestamp: text,
    destination: z.array(z.string().max(400)).max(50).catch([]),
    tags: z.record(z.string(), z.array(z.string())).catch({}),
  }),
  bounce: z
    .looseObject({ bounceType: text, bounceSubType: text, bouncedRecipients: recipients, timestamp: text })
    .optional(),
  complaint: z
    .looseObject({ complaintFeedbackType: text, complaintSubType: z.string().nullish().catch(null), timestamp: text })
    .optional(),
  delivery: z.looseObject({ timestamp: text, smtpResponse: text }).optional(),
  deliveryDelay: z.looseObject({ timestamp: text, delayType: text, delayedRecipients: recipients }).optional(),
  reject: z.looseObject({ reason: text }).optional(),
  failure: z.looseObject({ errorMessage: text }).optional(),
});
type SesEvent = z.output<typeof event>;

/** What kind of event says what: the fact, its own part of the record, and the words worth keeping. */
const FACTS: Record<string, (record: SesEvent) => Said | undefined> = {
  Send: ({ mail }) => ({ fact: 'sent', stated: mail.timestamp }),
  Delivery: ({ delivery }) =>
    delivery && { fact: 'delivered', stated: delivery.timestamp, detail: delivery.smtpResponse },
  DeliveryDelay: ({ deliveryDelay }) =>
    deliveryDelay && {
      fact: 'delayed',
      stated: deliveryDelay.timestamp,
      code: '70',
      detail: words(deliveryDelay.delayType, deliveryDelay.delayedRecipients),
    },
  Bounce: ({ bounce }) => bounce && bounced(bounce),
  Complaint: ({ complaint }) =>
    complaint && {
      fact: 'complained',
      stated: complaint.timestamp,
      // Somebody moved the message out of the spam folder.
      concernsAddress: complaint.complaintFeedbackType !== 'not-spam',
      detail: [complaint.complaintFeedbackType, complaint.complaintSubType].filter(Boolean).join(' '),
    },
  Reject: ({ mail, reject }) => reject && { fact: 'rejected', stated: mail.timestamp, detail: reject.reason },
  'Rendering Failure': ({ mail, failure }) =>
    failure && { fact: 'render_failed', stated: mail.timestamp, detail: failure.errorMessage },
};

/** Events of a configuration set that say nothing about delivery. Opens and clicks are counted by our own links. */
const NOT_OURS = new Set(['Open', 'Click', 'Subscription']);

type Said = Pick<Feedback, 'fact' | 'code' | 'detail'> & { stated: string; concernsAddress?: boolean };

/**
 * Reads an event record that SES published (to SNS, and from there over HTTPS or SQS). We send one recipient a message, so one
 * record speaks of one message, found by the tag that its request carried.
 */
export const readSesFeedback: ReadFeedback = (body) => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // SES says this once, in words, when a topic is attached to a configuration set.
    return /^Successfully validated SNS topic/.test(body)
      ? { ignored: 'a test of the topic' }
      : { problem: 'is not JSON' };
  }
  const parsed = event.safeParse(json);
  if (!parsed.success) {
    const problem = parsed.error.issues[0]!;
    return { problem: `${problem.path.join('.') || 'the event'}: ${problem.message}` };
  }
  const record = parsed.data;
  const kind = record.eventType ?? record.notificationType ?? '';
  if (NOT_OURS.has(kind)) return { ignored: kind };
  const said = Object.hasOwn(FACTS, kind) ? FACTS[kind]!(record) : undefined;
  if (!said) return { problem: `an event of the type ${JSON.stringify(kind.slice(0, 40))} without what belongs to it` };
  const tag = record.mail.tags[SES_MESSAGE_TAG]?.[0];
  if (tag === undefined || !isUuid(tag)) return { ignored: `no tag ${SES_MESSAGE_TAG}: not sent by us` };
  const { stated, concernsAddress = false, ...rest } = said;
  return {
    feedback: [
      {
        of: { messageId: tag },
        ...rest,
        ...(rest.detail && { detail: withoutAddresses(presentable(rest.detail), record) }),
        statedAt: instant(stated),
        providerMessageId: presentable(record.mail.messageId),
        concernsAddress,
        ...(record.mail.destination.length === 1 && { recipient: record.mail.destination[0]! }),
      },
    ],
  };
};

function bounced(bounce: NonNullable<SesEvent['bounce']>): Said {
  const diagnostic = words('', bounce.bouncedRecipients);
  const code: BounceCode =
    bounce.bouncedRecipients.length === 0 && bounce.bounceType === ''
      ? '30'
      : sesBounceCode(bounce.bounceType, bounce.bounceSubType, diagnostic);
  return {
    fact: 'bounced',
    stated: bounce.timestamp,
    code,
    concernsAddress: BOUNCE_CODES[code].class !== 'ignored',
    detail: `${bounce.bounceType}/${bounce.bounceSubType} ${diagnostic}`.trim(),
  };
}

function words(first: string, recipients: { diagnosticCode: string; status: string }[]): string {
  const [one] = recipients;
  return [first, one?.diagnosticCode || one?.status].filter(Boolean).join(' ');
}

/** Mail servers repeat the address; the account of what happened does not keep it a second time. */
function withoutAddresses(detail: string, { mail, bounce }: SesEvent): string {
  const addresses = [...mail.destination, ...(bounce?.bouncedRecipients.map((one) => one.emailAddress) ?? [])];
  return addresses.filter(Boolean).reduce((text, address) => text.replaceAll(address, '[address]'), detail);
}

const LONGEST_DETAIL = 500;

/** Text of somebody else's mail server: no control characters, and an end. */
function presentable(raw: string): string {
  return raw
    .slice(0, LONGEST_DETAIL)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
}

function instant(stated: string): Date | undefined {
  const at = new Date(stated);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

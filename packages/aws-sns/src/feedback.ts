import type { BounceCode, Feedback, ReadFeedback } from '@outrigger/core';
import { z } from 'zod';
import { readInboundText } from './inbound.ts';

const text = z.string().catch('');
/** An SNS message id: what Publish answered. Anything else would not be found in the ledger anyway. */
const messageId = z.string().length(36);

/**
 * A delivery status record as SNS logs it, of an SMS or of a push message. SNS writes these to CloudWatch Logs only; a
 * subscription of the log group hands them on (docs/feedback.md).
 */
const deliveryStatus = z.looseObject({
  status: z.enum(['SUCCESS', 'FAILURE']),
  notification: z.looseObject({ messageId, timestamp: text }),
  delivery: z.looseObject({ providerResponse: text, destination: text, token: text }),
});

/** An event of a platform application (EventDeliveryFailure), which SNS publishes to a topic. */
const deliveryFailure = z.looseObject({
  EventType: z.literal('DeliveryFailure'),
  MessageId: messageId,
  FailureType: text,
  FailureMessage: text,
  Time: text,
});

/**
 * Words of carriers and push services that mean: never again to this number or token. From "Viewing CloudWatch Logs for SMS"
 * and the failure types of platform applications.
 */
const FOR_GOOD =
  /invalid phone number|opted out|number.*(unreachable|does not exist)|InvalidPlatformToken|EndpointDisabled|BadDeviceToken|Unregistered|NotRegistered|InvalidRegistration/i;
const SPAM = /spam|blocked/i;

/**
 * Reads what SNS says of SMS and push messages after it took them, and the texts that phones send back. SNS has no tags: it names the id that it gave, so this is
 * no evidence for a message whose answer was lost.
 */
export const readSnsFeedback: ReadFeedback = (body) => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { problem: 'is not JSON' };
  }
  const inbound = readInboundText(json);
  if (inbound) return { inbound };
  const status = deliveryStatus.safeParse(json);
  if (status.success) {
    const { notification, delivery } = status.data;
    const delivered = status.data.status === 'SUCCESS';
    const detail = [delivery.destination, delivery.token]
      .filter(Boolean)
      .reduce((words, address) => words.replaceAll(address, '[address]'), delivery.providerResponse);
    return { feedback: [said(notification.messageId, notification.timestamp, delivered, detail)] };
  }
  const failure = deliveryFailure.safeParse(json);
  if (failure.success) {
    const { MessageId, Time, FailureType, FailureMessage } = failure.data;
    return { feedback: [said(MessageId, Time, false, `${FailureType} ${FailureMessage}`)] };
  }
  const kind = z.looseObject({ EventType: z.string() }).safeParse(json);
  // Endpoints that were made, changed or removed.
  if (kind.success && /^Endpoint/.test(kind.data.EventType)) return { ignored: kind.data.EventType.slice(0, 40) };
  return { problem: 'is neither a delivery status, a delivery failure nor a text that came in' };
};

function said(providerMessageId: string, time: string, delivered: boolean, words: string): Feedback {
  const at = new Date(/[zZ]$|[+-]\d\d:?\d\d$/.test(time) ? time : `${time.replace(' ', 'T')}Z`);
  const detail = words
    .slice(0, 500)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
  const code: BounceCode = FOR_GOOD.test(words) ? '10' : SPAM.test(words) ? '51' : '20';
  return {
    of: { providerMessageId },
    ...(delivered ? { fact: 'delivered' } : { fact: 'bounced', code }),
    statedAt: Number.isNaN(at.getTime()) ? undefined : at,
    providerMessageId,
    // The suppression list is of email addresses (spec 11.1).
    concernsAddress: false,
    ...(detail && { detail }),
  };
}

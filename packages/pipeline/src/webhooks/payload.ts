import type { WebhookEvent } from '@outrigger/contracts';
import { executionIdText, type MessageFeedback } from '@outrigger/core';
import type { LedgerEvent, MessageCall, MessageOrigin, WebhookVersion } from '@outrigger/store';

/** Everything that is told of one event. */
export type Told = {
  event: LedgerEvent;
  feedback: MessageFeedback;
  origin: MessageOrigin;
  version: WebhookVersion;
  call: MessageCall;
  /** Where the message goes; undefined once the data was erased, or where there never was an address. */
  address: string | undefined;
  /** What its content noted about it (spec 13.5). */
  metadata: Record<string, string> | null;
};

/** The body of a post (spec 12.2). */
export function payloadOf(
  { event, feedback, origin, version, call, address = '', metadata }: Told,
  sandbox: { tenantId: number; orgId: string; sandboxName: string },
): WebhookEvent {
  const { recipient } = call;
  const channel = version.channel === 'sms' ? 'sms' : 'email';
  const at = event.at.toISOString();
  const known = address === '' ? null : address;
  return {
    requestId: call.requestId,
    imsOrg: sandbox.orgId,
    sandbox: { id: String(sandbox.tenantId), name: sandbox.sandboxName },
    channel,
    eventType: 'message.feedback',
    timestamp: at,
    channelContext: {
      profileAddress: channel === 'email' ? known : null,
      profileNumber: channel === 'sms' ? known : null,
    },
    messageExecution: {
      messageExecutionID: executionIdText(call.endpoint, call.executionId),
      messageType: version.category,
      campaignID: origin.campaignId,
      campaignVersionID: origin.versionId,
      campaignType: 'ApiTriggered',
      messageID: event.messageId,
      // One message has one recipient here, so both ids are one.
      messageProfileID: event.messageId,
    },
    messageDeliveryFeedback: {
      feedbackStatus: { value: feedback.value },
      messageExclusion: feedback.exclusion ?? null,
      messageFailure: feedback.failure ?? null,
      retryCount: event.attempt === null ? null : event.attempt - 1,
      responseCode: null,
      responseDurationMillis: null,
      encoding: null,
      numberOfMessageParts: null,
      deliveryTimestamp: feedback.value === 'delivered' ? at : null,
      offers: null,
      possibleDuplicate: event.possibleDuplicate,
    },
    identityMap: recipient ? { [recipient.namespace]: [{ id: recipient.userId, primary: true }] } : null,
    metadata,
  };
}

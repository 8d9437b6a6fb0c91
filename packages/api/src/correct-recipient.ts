import { parseTriggerCall } from '@outrigger/contracts';
import {
  type Endpoint,
  type JsonObject,
  mergePatch,
  parseEmailAddress,
  parsePhoneNumber,
  type Recipient,
  type Refusal,
  refuse,
} from '@outrigger/core';

export type RecipientChanges = { channelData?: JsonObject; profile?: JsonObject; context?: JsonObject };

/**
 * Lays changes over a recipient (JSON Merge Patch, RFC 7396: null removes a member) and checks the result as a trigger
 * call's recipient is checked. An address that could not be used is refused here, where it can still be corrected:
 * delivery would exclude the message, and an excluded one cannot be redriven.
 */
export function correctRecipient(
  endpoint: Endpoint,
  recipient: Recipient,
  changes: RecipientChanges,
): { recipient: Recipient } | { refusal: Refusal } {
  const { emailAddress, mobilePhoneNumber } = changes.channelData ?? {};
  const email = typeof emailAddress === 'string' ? parseEmailAddress(emailAddress) : undefined;
  if (email && 'problem' in email) {
    return { refusal: refuse('MSG-000009', `channelData.emailAddress ${email.problem}.`) };
  }
  if (typeof mobilePhoneNumber === 'string' && parsePhoneNumber(mobilePhoneNumber) === undefined) {
    return { refusal: refuse('MSG-000009', 'channelData.mobilePhoneNumber must be E.164: + and 8 to 15 digits.') };
  }
  const laid = mergePatch(recipient as JsonObject, changes);
  // The other members of the call only carry the recipient to the check.
  const call = { requestId: 'redrive', campaignId: 'redrive', recipients: [laid] };
  const parsed = parseTriggerCall(
    endpoint === 'highthroughput' ? 'highthroughput' : 'unitary',
    call,
    Number.POSITIVE_INFINITY,
  );
  if ('call' in parsed) return { recipient: parsed.call.recipients[0]! };
  const { code, title } = parsed.refusal;
  return { refusal: refuse(code, title.replaceAll('recipients[0]', 'recipient')) };
}

import { callSns, createSnsClient, messageAttributes, type SnsClient } from '@outrigger/aws-sns';
import { answerWith, NOT_BEGUN, type Provider, type SendResult, type SmsMessage } from '@outrigger/core';
import { SNS_TABLES } from './codes.ts';
import type { SnsConfig } from './config.ts';

/** Amazon SNS, API of 2010-03-31: Publish to a phone number. */
export function createSnsProvider(config: SnsConfig): Provider<SmsMessage> {
  const client = createSnsClient(config);
  return {
    name: 'sns',
    send: (message, signal) => publish(client, message, signal),
    close: () => client.close(),
  };
}

async function publish(client: SnsClient, message: SmsMessage, signal: AbortSignal): Promise<SendResult> {
  if (signal.aborted) return NOT_BEGUN;
  // A text without its picture is not what was meant, and Publish knows nothing else.
  if (message.mms) return answerWith('permanent.content', 'mms_not_supported', { detail: 'Amazon SNS sends no MMS' });
  if (message.rcs) return answerWith('permanent.content', 'rcs_not_supported', { detail: 'Amazon SNS sends no RCS' });
  const fields = {
    PhoneNumber: message.to,
    Message: message.text,
    ...messageAttributes({
      'AWS.SNS.SMS.SMSType': message.category === 'transactional' ? 'Transactional' : 'Promotional',
      ...senderAttribute(message.from),
    }),
  };
  const answer = await callSns(client, { action: 'Publish', fields }, 'MessageId', signal, SNS_TABLES);
  return 'value' in answer
    ? { kind: 'accepted', providerMessageId: answer.value }
    : withoutNumber(answer.failure, message.to);
}

/**
 * A sender is a number of ours (long code, toll-free, short code) or a name; SNS takes each under another attribute:
 * https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
 */
function senderAttribute(from: string): Record<string, string> {
  const number = from.replace(/[\s().-]/g, '');
  return /^\+?\d{3,15}$/.test(number) ? { 'AWS.MM.SMS.OriginationNumber': number } : { 'AWS.SNS.SMS.SenderID': from };
}

/** SNS repeats the number in its messages; the account of what happened does not keep it a second time. */
function withoutNumber(result: SendResult, number: string): SendResult {
  if (result.kind === 'accepted' || result.detail === undefined) return result;
  return { ...result, detail: result.detail.replaceAll(number, '[number]') };
}

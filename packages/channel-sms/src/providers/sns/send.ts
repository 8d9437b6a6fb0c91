import { type MessageAttributeValue, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { createSnsClient } from '@outrigger/aws-sns';
import { answerWith, NOT_BEGUN, type Provider, type SendResult, type SmsMessage } from '@outrigger/core';
import type { SnsConfig } from './config.ts';
import { classifySnsFailure } from './failure.ts';

/** Amazon SNS, API of 2010-03-31: Publish to a phone number. */
export function createSnsProvider(config: SnsConfig): Provider<SmsMessage> {
  const client = createSnsClient(config);
  return {
    name: 'sns',
    send: (message, signal) => publish(client, message, signal),
    async close() {
      client.destroy();
    },
  };
}

async function publish(client: SNSClient, message: SmsMessage, signal: AbortSignal): Promise<SendResult> {
  if (signal.aborted) return NOT_BEGUN;
  const command = new PublishCommand({
    PhoneNumber: message.to,
    Message: message.text,
    MessageAttributes: {
      'AWS.SNS.SMS.SMSType': text(message.category === 'transactional' ? 'Transactional' : 'Promotional'),
      ...senderAttribute(message.from),
    },
  });
  try {
    const answer = await client.send(command, { abortSignal: signal });
    return answer.MessageId
      ? { kind: 'accepted', providerMessageId: answer.MessageId }
      : answerWith('ambiguous.response', 'no_message_id');
  } catch (error) {
    return withoutNumber(classifySnsFailure(error, signal), message.to);
  }
}

/**
 * A sender is a number of ours (long code, toll-free, short code) or a name; SNS takes each under another attribute:
 * https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
 */
function senderAttribute(from: string): Record<string, MessageAttributeValue> {
  const number = from.replace(/[\s().-]/g, '');
  return /^\+?\d{3,15}$/.test(number)
    ? { 'AWS.MM.SMS.OriginationNumber': text(number) }
    : { 'AWS.SNS.SMS.SenderID': text(from) };
}

function text(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value };
}

/** SNS repeats the number in its messages; the account of what happened does not keep it a second time. */
function withoutNumber(result: SendResult, number: string): SendResult {
  if (result.kind === 'accepted' || result.detail === undefined) return result;
  return { ...result, detail: result.detail.replaceAll(number, '[number]') };
}

import type { EmailMessage } from '@outrigger/core';

export const JSON_TYPE = 'application/json';

/** The message tag by which events of a configuration set lead back to the message. */
export const SES_MESSAGE_TAG = 'outrigger_message_id';

/**
 * The body of `SendEmail` with a raw message. The message is most of it, so it is written as Base64 straight into the bytes that
 * go out, around which the rest is put; a JSON serialiser would look at each of its characters.
 */
export function rawRequest(message: EmailMessage, raw: Buffer, configurationSet: string | undefined): Buffer {
  const rest = JSON.stringify({
    // Sender and destination are the envelope; without them SES would read the recipients from the headers.
    FromEmailAddress: message.from.address,
    Destination: { ToAddresses: [message.to] },
    EmailTags: [{ Name: SES_MESSAGE_TAG, Value: message.messageId }],
    // SES keeps the envelope's sender to itself; this is where it forwards bounces and complaints to.
    FeedbackForwardingEmailAddress: message.returnPath,
    ConfigurationSetName: configurationSet,
  });
  const base64 = raw.toString('base64');
  const tail = Buffer.from(`"}},${rest.slice(1)}`);
  const body = Buffer.allocUnsafe(HEAD.length + base64.length + tail.length);
  let length = body.write(HEAD, 0, 'latin1');
  length += body.write(base64, length, 'latin1');
  tail.copy(body, length);
  return body;
}

const HEAD = '{"Content":{"Raw":{"Data":"';

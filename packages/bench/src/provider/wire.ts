import { ADDRESS_DOMAIN, ADDRESS_PREFIX, NUMBER_DIGITS, ORDER_PREFIX, PHONE_PREFIX, readNumber } from '../numbers.ts';
import type { Account } from './account.ts';

const SES = 'http://ses.amazonaws.com/doc/2010-12-01/';
const SNS = 'http://sns.amazonaws.com/doc/2010-03-31/';

/** A form field's `@` and `+`, and JSON's. */
const ADDRESSES = [Buffer.from(`%40${ADDRESS_DOMAIN}`), Buffer.from(`@${ADDRESS_DOMAIN}`)];
const PHONES = [Buffer.from(`PhoneNumber=%2B${PHONE_PREFIX}`)];
const ORDER = Buffer.from(ORDER_PREFIX);

/**
 * Amazon SES (API of 2010-12-01 and version 2) and SNS, as far as messages are sent through them: finds out how many messages a
 * request carries and which, counts them, answers as AWS does. Bodies are searched and not parsed: a parser would cost more
 * than the sender.
 */
export function answerRequest(head: Buffer, body: Buffer, account: Account): Buffer {
  // The version 2 API has paths; the query protocols post everything to the root.
  if (head.toString('latin1', 0, 13) !== 'POST /v2/emai' && head.toString('latin1', 0, 12) !== 'PUT /v2/emai') {
    return answerQuery(body, account);
  }
  const path = head.toString('latin1', 0, 60).split(' ')[1]!;
  if (path === '/v2/email/outbound-emails') return json({ MessageId: account.take(emailNumber(body)) });
  if (path === '/v2/email/outbound-bulk-emails') {
    const ids = emailNumbers(body).map((number) => account.take(number));
    return json({ BulkEmailEntryResults: ids.map((id) => ({ Status: 'SUCCESS', MessageId: id })) });
  }
  if (path.startsWith('/v2/email/templates')) return json({});
  throw new Error(`the emulator has no ${path}`);
}

function answerQuery(body: Buffer, account: Account): Buffer {
  const action = actionOf(body);
  switch (action) {
    case 'SendRawEmail':
    case 'SendEmail':
    case 'SendTemplatedEmail':
      return xml(SES, action, `<MessageId>${account.take(emailNumber(body))}</MessageId>`);
    case 'SendBulkTemplatedEmail': {
      const members = emailNumbers(body)
        .map((number) => `<member><Status>Success</Status><MessageId>${account.take(number)}</MessageId></member>`)
        .join('');
      return xml(SES, action, `<Status>${members}</Status>`);
    }
    case 'CreateTemplate':
    case 'UpdateTemplate':
    case 'DeleteTemplate':
      return xml(SES, action, '');
    case 'GetSendQuota':
      return xml(SES, action, '<Max24HourSend>1e9</Max24HourSend><MaxSendRate>50000</MaxSendRate>');
    case 'Publish':
      return xml(SNS, action, `<MessageId>${account.take(publishedNumber(body))}</MessageId>`);
    case 'CreatePlatformEndpoint': {
      const token = /(?:^|&)Token=([^&]*)/.exec(body.toString('latin1'))?.[1] ?? '';
      const arn = `arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/bench/${token}`;
      return xml(SNS, action, `<EndpointArn>${arn}</EndpointArn>`);
    }
    default:
      throw new Error(`the emulator has no action ${action}`);
  }
}

function actionOf(body: Buffer): string {
  const at = body.toString('latin1', 0, 7) === 'Action=' ? 7 : body.indexOf('&Action=') + 8;
  return /^\w*/.exec(body.toString('latin1', at, at + 40))![0];
}

/** The recipient of a mail: the first address of ours. What the mail says is base64 or comes later. */
function emailNumber(body: Buffer): number {
  for (const address of ADDRESSES) {
    const at = body.indexOf(address);
    if (at >= 0) return readNumber(body, at - NUMBER_DIGITS);
  }
  throw new Error('an email without a recipient of this run');
}

/** The recipients of a bulk call, in order. An address that also stood in the data would count twice, and be found out. */
function emailNumbers(body: Buffer): number[] {
  const numbers: number[] = [];
  for (const address of ADDRESSES) {
    for (let at = body.indexOf(address); at >= 0; at = body.indexOf(address, at + 1)) {
      if (body.toString('latin1', at - NUMBER_DIGITS - 2, at - NUMBER_DIGITS) === ADDRESS_PREFIX) {
        numbers.push(readNumber(body, at - NUMBER_DIGITS));
      }
    }
    if (numbers.length > 0) break;
  }
  return numbers;
}

/** A text message has its phone number; a push message names the order. */
function publishedNumber(body: Buffer): number {
  for (const phone of PHONES) {
    const at = body.indexOf(phone);
    if (at >= 0) return readNumber(body, at + phone.length);
  }
  const at = body.indexOf(ORDER);
  if (at < 0) throw new Error('a message without a recipient of this run');
  return readNumber(body, at + ORDER.length);
}

function xml(namespace: string, action: string, result: string): Buffer {
  const inner = `<${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>`;
  return response('text/xml', `<${action}Response xmlns="${namespace}">${inner}</${action}Response>`);
}

function json(value: object): Buffer {
  return response('application/json', JSON.stringify(value));
}

/** Everything here is ASCII: as many bytes as characters. */
function response(type: string, body: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

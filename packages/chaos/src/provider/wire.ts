import type { HandOver } from './provider-ledger.ts';

/** A request in the words of SES (API version 2, JSON) or SNS (query protocol). */
export type ProviderRequest =
  | { action: 'send'; bulk: boolean; messages: HandOver[] }
  | { action: 'endpoint'; token: string };

/** The key that the load puts into each message: call and recipient. */
export const KEY = /\b[cx]\d+r\d+\b/;

type Tags = { Name: string; Value: string }[];
type Destination = { ToAddresses: string[] };
type SendEmail = { Destination: Destination; EmailTags: Tags; Content: { Raw: { Data: string } } };
type Entry = {
  Destination: Destination;
  ReplacementTags: Tags;
  ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: string } };
};

/** Reads SES SendEmail with a raw message, and SendBulkEmail. */
export function readSesRequest(body: string): ProviderRequest | undefined {
  if (!body.startsWith('{')) return undefined;
  const call = JSON.parse(body) as SendEmail | { BulkEmailEntries: Entry[] };
  if ('BulkEmailEntries' in call) return { action: 'send', bulk: true, messages: call.BulkEmailEntries.map(readEntry) };
  const raw = Buffer.from(call.Content.Raw.Data, 'base64').toString('latin1');
  const message = readEmail(call.Destination, call.EmailTags, /^Subject: (.*)$/im.exec(raw)?.[1] ?? '');
  // A provider has only one of them to show.
  const headerId = /^Message-ID: <([0-9a-f-]{36})@/im.exec(raw)?.[1];
  if (headerId !== message.messageId) throw new Error(`tag ${message.messageId}, Message-ID ${headerId}`);
  return { action: 'send', bulk: false, messages: [message] };
}

/** The whole subject is the slot `s`. */
function readEntry({ Destination: to, ReplacementTags: tags, ReplacementEmailContent: content }: Entry): HandOver {
  const slots = JSON.parse(content.ReplacementTemplate.ReplacementTemplateData) as { s: string };
  return readEmail(to, tags, slots.s);
}

/** The message id comes from our tag. The subject carries the key too: content and envelope must be of the same person. */
function readEmail({ ToAddresses: to }: Destination, tags: Tags, subject: string): HandOver {
  const [recipient = ''] = to;
  const messageId = tags.find((tag) => tag.Name === 'outrigger_message_id')?.Value ?? '';
  const subjectKey = KEY.exec(subject)?.[0];
  const key = KEY.exec(recipient)?.[0];
  if (to.length !== 1 || messageId === '' || key === undefined || subjectKey !== key) {
    throw new Error(`tag ${messageId}, recipients ${to}, key of the subject ${subjectKey}`);
  }
  return { channel: 'email', messageId, key, recipient };
}

/** Reads SNS Publish to a phone number or an endpoint, and CreatePlatformEndpoint (API of 2010-03-31). */
export function readSnsRequest(body: string): ProviderRequest | undefined {
  const fields = new URLSearchParams(body);
  if (fields.get('Action') === 'CreatePlatformEndpoint') {
    return { action: 'endpoint', token: fields.get('Token') ?? '' };
  }
  if (fields.get('Action') !== 'Publish') return undefined;
  const message = fields.get('Message') ?? '';
  const key = KEY.exec(message)?.[0] ?? '';
  const phone = fields.get('PhoneNumber');
  if (phone !== null) return one({ channel: 'sms', messageId: '', key, recipient: phone });
  const messageId = /outrigger_message_id\\+":\\+"([0-9a-f-]{36})/.exec(message)?.[1] ?? '';
  const recipient = fields.get('TargetArn')?.split('/').at(-1) ?? '';
  return one({ channel: 'push', messageId, key, recipient });
}

function one(message: HandOver): ProviderRequest {
  return { action: 'send', bulk: false, messages: [message] };
}

export type WireReply = { status: number; type: 'application/json' | 'text/xml'; body: string };
export type ProviderKind = 'ses' | 'sns';

const SNS = 'http://sns.amazonaws.com/doc/2010-03-31/';

/** A yes to every message of a request, each with an id of its own. */
export function accepted(kind: ProviderKind, bulk: boolean, ids: string[]): WireReply {
  if (kind === 'sns') return snsResult('Publish', `<MessageId>${ids[0]}</MessageId>`);
  if (bulk) return json(200, { BulkEmailEntryResults: ids.map((id) => ({ Status: 'SUCCESS', MessageId: id })) });
  return json(200, { MessageId: ids[0] });
}

export function endpointMade(token: string): WireReply {
  const arn = `arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/chaos/${token}`;
  return snsResult('CreatePlatformEndpoint', `<EndpointArn>${arn}</EndpointArn>`);
}

export function failure(kind: ProviderKind, what: 'throttle' | 'refuse' | 'error'): WireReply {
  if (kind === 'ses') return SES_FAILURES[what];
  if (what === 'throttle') return snsError(400, 'Throttling', 'Maximum sending rate exceeded.');
  return what === 'error'
    ? snsError(500, 'InternalError', 'An error occurred.')
    : snsError(400, 'ParameterValueInvalid', 'The value is not allowed.');
}

function json(status: number, body: object): WireReply {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

const SES_FAILURES: Record<'throttle' | 'refuse' | 'error', WireReply> = {
  throttle: json(429, { __type: 'TooManyRequestsException', message: 'Maximum sending rate exceeded.' }),
  refuse: json(400, { __type: 'MessageRejected', message: 'Transaction failed.' }),
  error: json(500, { __type: 'InternalServiceErrorException', message: 'An error occurred.' }),
};

function snsResult(action: string, content: string): WireReply {
  const inner = `<${action}Result>${content}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>`;
  return { status: 200, type: 'text/xml', body: `<${action}Response xmlns="${SNS}">${inner}</${action}Response>` };
}

function snsError(status: number, code: string, text: string): WireReply {
  const inner = `<Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${code}</Code><Message>${text}</Message></Error>`;
  return {
    status,
    type: 'text/xml',
    body: `<ErrorResponse xmlns="${SNS}">${inner}<RequestId>r</RequestId></ErrorResponse>`,
  };
}

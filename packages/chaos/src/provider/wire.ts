/** One request to hand a message over, in the words of the two query protocols that AWS speaks. */
export type HandOverRequest =
  | { action: 'send'; channel: 'email' | 'sms' | 'push'; messageId: string; key: string; recipient: string }
  | { action: 'endpoint'; token: string };

/** The key that the load puts into each message: call and recipient. */
export const KEY = /\b[cx]\d+r\d+\b/;

/**
 * Reads SES SendRawEmail (API of 2010-12-01). The message id comes from our tag; that the Message-ID header says the same
 * is checked here, because a provider has only one of them to show.
 */
export function readSesRequest(body: string): HandOverRequest | undefined {
  const field = (name: string) =>
    decodeField(new RegExp(`(?:^|&)${name.replaceAll('.', '\\.')}=([^&]*)`).exec(body)?.[1]);
  if (field('Action') !== 'SendRawEmail') return undefined;
  const raw = Buffer.from(field('RawMessage.Data'), 'base64').toString('latin1');
  const messageId = field('Tags.member.1.Value');
  const header = /^Message-ID: <([0-9a-f-]{36})@/im.exec(raw)?.[1];
  const recipient = field('Destinations.member.1');
  // The subject carries the key too: content and envelope must be of the same person.
  const subjectKey = KEY.exec(/^Subject: (.*)$/im.exec(raw)?.[1] ?? '')?.[0];
  const key = KEY.exec(recipient)?.[0];
  if (header !== messageId || key === undefined || subjectKey !== key) {
    throw new Error(`tag ${messageId}, Message-ID ${header}, recipient ${recipient}, key of the subject ${subjectKey}`);
  }
  return { action: 'send', channel: 'email', messageId, key, recipient };
}

/** Reads SNS Publish to a phone number or an endpoint, and CreatePlatformEndpoint (API of 2010-03-31). */
export function readSnsRequest(body: string): HandOverRequest | undefined {
  const fields = new URLSearchParams(body);
  if (fields.get('Action') === 'CreatePlatformEndpoint') {
    return { action: 'endpoint', token: fields.get('Token') ?? '' };
  }
  if (fields.get('Action') !== 'Publish') return undefined;
  const message = fields.get('Message') ?? '';
  const key = KEY.exec(message)?.[0] ?? '';
  const phone = fields.get('PhoneNumber');
  if (phone !== null) return { action: 'send', channel: 'sms', messageId: '', key, recipient: phone };
  const messageId = /outrigger_message_id\\+":\\+"([0-9a-f-]{36})/.exec(message)?.[1] ?? '';
  const recipient = fields.get('TargetArn')?.split('/').at(-1) ?? '';
  return { action: 'send', channel: 'push', messageId, key, recipient };
}

function decodeField(value: string | undefined): string {
  return value === undefined ? '' : decodeURIComponent(value.replaceAll('+', ' '));
}

export type WireReply = { status: number; body: string };

const NAMESPACES = { ses: 'http://ses.amazonaws.com/doc/2010-12-01/', sns: 'http://sns.amazonaws.com/doc/2010-03-31/' };
export type ProviderKind = keyof typeof NAMESPACES;

export function accepted(kind: ProviderKind, providerMessageId: string): WireReply {
  return result(kind, kind === 'ses' ? 'SendRawEmail' : 'Publish', `<MessageId>${providerMessageId}</MessageId>`);
}

export function endpointMade(token: string): WireReply {
  const arn = `arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/chaos/${token}`;
  return result('sns', 'CreatePlatformEndpoint', `<EndpointArn>${arn}</EndpointArn>`);
}

export function failure(kind: ProviderKind, what: 'throttle' | 'refuse' | 'error'): WireReply {
  if (what === 'throttle') return error(kind, 400, 'Throttling', 'Maximum sending rate exceeded.');
  if (what === 'error')
    return error(kind, 500, kind === 'ses' ? 'InternalFailure' : 'InternalError', 'An error occurred.');
  return kind === 'ses'
    ? error(kind, 400, 'MessageRejected', 'Transaction failed.')
    : error(kind, 400, 'ParameterValueInvalid', 'The value is not allowed.');
}

function result(kind: ProviderKind, action: string, content: string): WireReply {
  const inner = `<${action}Result>${content}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>`;
  return { status: 200, body: `<${action}Response xmlns="${NAMESPACES[kind]}">${inner}</${action}Response>` };
}

function error(kind: ProviderKind, status: number, code: string, text: string): WireReply {
  const inner = `<Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${code}</Code><Message>${text}</Message></Error>`;
  return {
    status,
    body: `<ErrorResponse xmlns="${NAMESPACES[kind]}">${inner}<RequestId>r</RequestId></ErrorResponse>`,
  };
}

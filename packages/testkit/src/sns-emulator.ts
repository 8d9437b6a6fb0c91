import { createSign, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ScriptedRequest, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

// A key of nobody, made for these tests: it signs what only our own emulator sends.
const pem = (name: string) => readFileSync(new URL(`./sns/${name}.pem`, import.meta.url), 'utf8');
const KEY = pem('key');

export type SnsMessage = Record<string, unknown>;

/** Amazon SNS as a test needs it: it signs, it hands out its certificate, and it takes confirmations. */
export type SnsEmulator = {
  /** Give this as `endpoint` of a source: certificates and confirmations come from here. */
  url: string;
  topic: string;
  requests: ScriptedRequest[];
  /** A notification, signed; `overrides` replaces members before, `after` once it is signed. */
  notification(message: string, overrides?: SnsMessage, after?: SnsMessage): SnsMessage;
  confirmation(type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation', overrides?: SnsMessage): SnsMessage;
  close(): Promise<void>;
};

/** What a certificate path answers: by name of a file beside this, or what the scripted server does. */
export type CertificateAnswer = 'good' | 'other-name' | 'expired' | 'large' | 'garbage' | 'missing' | 'hang' | 'broken';

/** Starts the emulator. The path of the certificate decides which one: `/SimpleNotificationService-good.pem`. */
export async function startSnsEmulator(
  topic = 'arn:aws:sns:eu-central-1:123456789012:outrigger-events',
): Promise<SnsEmulator> {
  const server: ScriptedServer = await startScriptedServer((request) => {
    const name = /^\/SimpleNotificationService-([a-z]+)\.pem$/.exec(request.path)?.[1];
    switch (name) {
      case 'good':
      case 'expired':
        return { status: 200, body: pem(name) };
      case 'othername':
        return { status: 200, body: pem('other-name') };
      case 'large':
        return { status: 200, body: `${pem('good')}${' '.repeat(1_048_576)}` };
      case 'garbage':
        return { status: 200, body: 'this is no certificate' };
      case 'hang':
        return 'hang';
      case 'broken':
        return { status: 503 };
      default:
        return request.path.startsWith('/?Action=ConfirmSubscription') ? { status: 200 } : { status: 404 };
    }
  });
  const region = topic.split(':')[3];
  const base = () => ({
    MessageId: randomUUID(),
    TopicArn: topic,
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2',
    SigningCertURL: `https://sns.${region}.amazonaws.com/SimpleNotificationService-good.pem`,
  });
  return {
    url: server.url,
    topic,
    requests: server.requests,
    notification: (message, overrides = {}, after = {}) => ({
      ...signed({ ...base(), Type: 'Notification', Message: message, ...overrides }),
      ...after,
    }),
    confirmation: (type, overrides = {}) =>
      signed({
        ...base(),
        Type: type,
        Message: 'You have chosen to subscribe.',
        Token: 'token-1',
        SubscribeURL: 'https://evil.example/?confirm',
        ...overrides,
      }),
    close: () => server.close(),
  };
}

const MEMBERS = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

/** Signs as SNS does; written anew here, so that one mistake cannot be in the signer and in the checker. */
function signed(message: SnsMessage): SnsMessage {
  const notification = message.Type === 'Notification';
  const text = MEMBERS.filter((name) => typeof message[name] === 'string')
    .filter((name) => !(notification && (name === 'SubscribeURL' || name === 'Token')))
    .map((name) => `${name}\n${message[name]}\n`)
    .join('');
  const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return { ...message, Signature: createSign(algorithm).update(text, 'utf8').sign(KEY, 'base64') };
}

/** An event record of SES about one of our messages, as a configuration set publishes it. */
export function sesEvent(
  kind: 'Send' | 'Delivery' | 'Bounce' | 'Complaint' | 'Reject' | 'DeliveryDelay' | 'Rendering Failure',
  about: { messageId?: string; to?: string; at?: string; sesId?: string },
  part: Record<string, unknown> = {},
): string {
  const { to = 'ada@shop.example', at = new Date().toISOString(), sesId = `ses-${about.messageId}` } = about;
  const parts: Record<typeof kind, [string, Record<string, unknown>]> = {
    Send: ['send', {}],
    Delivery: [
      'delivery',
      { timestamp: at, recipients: [to], smtpResponse: '250 2.0.0 OK', processingTimeMillis: 500 },
    ],
    Bounce: [
      'bounce',
      {
        bounceType: 'Permanent',
        bounceSubType: 'General',
        bouncedRecipients: [
          {
            emailAddress: to,
            action: 'failed',
            status: '5.1.1',
            diagnosticCode: `smtp; 550 5.1.1 <${to}> user unknown`,
          },
        ],
        timestamp: at,
        feedbackId: `feedback-${about.messageId}`,
      },
    ],
    Complaint: [
      'complaint',
      { complainedRecipients: [{ emailAddress: to }], timestamp: at, complaintFeedbackType: 'abuse' },
    ],
    Reject: ['reject', { reason: 'Bad content' }],
    DeliveryDelay: [
      'deliveryDelay',
      {
        delayType: 'MailboxFull',
        delayedRecipients: [{ emailAddress: to, status: '4.2.2', diagnosticCode: 'smtp; 452 4.2.2 full' }],
        timestamp: at,
      },
    ],
    'Rendering Failure': ['failure', { errorMessage: 'Attribute name is not present', templateName: 'order' }],
  };
  const [name, usual] = parts[kind];
  return JSON.stringify({
    eventType: kind,
    mail: {
      timestamp: at,
      messageId: sesId,
      destination: [to],
      source: 'shop@shop.example',
      tags: {
        'ses:configuration-set': ['outrigger'],
        ...(about.messageId && { outrigger_message_id: [about.messageId] }),
      },
    },
    [name]: { ...usual, ...part },
  });
}

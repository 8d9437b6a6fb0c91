import { type ScriptedRequest, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { type SnsMessage, signSnsMessage, snsCertificate, snsMembers } from './sns-signature.ts';

export type { SnsMessage } from './sns-signature.ts';

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
        return { status: 200, body: snsCertificate(name) };
      case 'othername':
        return { status: 200, body: snsCertificate('other-name') };
      case 'large':
        return { status: 200, body: `${snsCertificate('good')}${' '.repeat(1_048_576)}` };
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
  return {
    url: server.url,
    topic,
    requests: server.requests,
    notification: (message, overrides = {}, after = {}) => ({
      ...signSnsMessage({ ...snsMembers(topic), Type: 'Notification', Message: message, ...overrides }),
      ...after,
    }),
    confirmation: (type, overrides = {}) =>
      signSnsMessage({
        ...snsMembers(topic),
        Type: type,
        Message: 'You have chosen to subscribe.',
        Token: 'token-1',
        SubscribeURL: 'https://evil.example/?confirm',
        ...overrides,
      }),
    close: () => server.close(),
  };
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

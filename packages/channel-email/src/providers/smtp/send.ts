import { answerWith, type EmailMessage, NOT_BEGUN, type Provider, type SendResult } from '@outrigger/core';
import { createTransport } from 'nodemailer';
import { buildMime, messageIdHeader } from '../../mime.ts';
import { codeOfReply, vendorCodeOf } from './codes.ts';
import type { SmtpConfig } from './config.ts';

/** An SMTP server through a pool of connections; the message goes out byte for byte as `buildMime` wrote it. */
export function createSmtpProvider(config: SmtpConfig): Provider<EmailMessage> {
  const { transport, watch } = createWatchedTransport(config);
  return {
    name: 'smtp',
    async send(message, signal) {
      if (signal.aborted) return NOT_BEGUN;
      const raw = buildMime(message, new Date());
      const progress = watch(raw);
      try {
        const envelope = { from: message.returnPath ?? message.from.address, to: [message.to] };
        const answer = await transport.sendMail({ envelope, raw, signal });
        return { kind: 'accepted', providerMessageId: queueIdOf(answer.response) ?? messageIdHeader(message) };
      } catch (error) {
        return classifySmtpError(error, progress, signal);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/**
 * Whether the pool has begun to read the message, which it does after the server's 354. Before that the server cannot
 * have taken it. Afterwards it may have: socket buffers hide how much of it, and whether the final dot, went out, and
 * a connection that breaks after the dot is the known hole of SMTP (RFC 1047).
 */
export type SmtpProgress = { begun: boolean };

/** Below what servers allow (RFC 5321 4.5.3.2.7 asks for 5 minutes, some close after 10 s), so that we close first. */
const IDLE_CONNECTION_MS = 5_000;
/** A connection that was given up is dropped this long after, without waiting for a server that may be dead. */
const CLOSE_GRACE_MS = 500;

function createWatchedTransport(config: SmtpConfig) {
  const transport = createTransport({
    pool: true,
    host: config.SMTP_HOST,
    port: config.SMTP_PORT,
    secure: config.SMTP_TLS === 'implicit',
    requireTLS: config.SMTP_TLS === 'starttls',
    ignoreTLS: config.SMTP_TLS === 'none',
    auth: config.SMTP_USER === undefined ? undefined : { user: config.SMTP_USER, pass: config.SMTP_PASSWORD },
    name: config.SMTP_CLIENT_NAME,
    maxConnections: config.SMTP_MAX_CONNECTIONS,
    // Retry belongs to the ledger: by default the pool sends a message again, up to five times, when a connection drops.
    maxRequeues: 0,
    idleTimeout: IDLE_CONNECTION_MS,
    socketCloseTimeout: CLOSE_GRACE_MS,
    connectionTimeout: config.SMTP_TIMEOUT_MS,
    greetingTimeout: config.SMTP_TIMEOUT_MS,
    dnsTimeout: config.SMTP_TIMEOUT_MS,
    socketTimeout: config.SMTP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const watched = new WeakMap<object, SmtpProgress>();
  transport.use('stream', (mail, done) => {
    const progress = watched.get(mail.data.raw as Buffer);
    const open = mail.message.createReadStream.bind(mail.message);
    mail.message.createReadStream = (options) => {
      // To listen for `resume` does not start the flow; the pool's pipe does.
      return open(options).once('resume', () => {
        if (progress) progress.begun = true;
      });
    };
    done();
  });
  const watch = (raw: Buffer): SmtpProgress => {
    const progress = { begun: false };
    watched.set(raw, progress);
    return progress;
  };
  return { transport, watch };
}

/** What nodemailer throws (its errors.d.ts), as far as it tells what became of the message. */
type SmtpError = Error & {
  code?: string;
  originalCode?: string;
  command?: string;
  response?: string;
  responseCode?: number;
};

export function classifySmtpError(thrown: unknown, progress: SmtpProgress, signal: AbortSignal): SendResult {
  const error: SmtpError = thrown instanceof Error ? thrown : new Error(String(thrown));
  const extra = { detail: error.message };
  const vendorCode = error.originalCode ?? error.code ?? error.name;
  if (error.responseCode !== undefined && error.responseCode >= 400 && error.responseCode < 600) {
    const reply = { replyCode: error.responseCode, text: error.response ?? '', command: error.command ?? '' };
    return answerWith(codeOfReply(reply), vendorCodeOf(reply), extra);
  }
  if (!progress.begun) {
    const ours = error.code === 'EAUTH' || error.code === 'ENOAUTH';
    return answerWith(ours ? 'transient.configuration' : 'transient.unavailable', vendorCode, extra);
  }
  if (signal.aborted) return answerWith('ambiguous.timeout', 'aborted', extra);
  if (error.code === 'ETIMEDOUT') return answerWith('ambiguous.timeout', vendorCode, extra);
  // EMESSAGE and EPROTOCOL: an answer came, and it is neither a yes nor a no.
  const answered = error.code === 'EMESSAGE' || error.code === 'EPROTOCOL';
  return answerWith(answered ? 'ambiguous.response' : 'ambiguous.connection_lost', vendorCode, extra);
}

/** How servers name the id under which they queued a message: Postfix and many more, Exim, Amazon SES and Exchange. */
const QUEUE_IDS = [/queued as <?([\w.@+-]+)/i, /\bid=<?([\w.@+-]+)/i, /^250 (?:2\.\d\.\d )?ok:? <?([\w.@+-]{10,})/i];

function queueIdOf(response: string): string | undefined {
  for (const pattern of QUEUE_IDS) {
    const found = pattern.exec(response);
    if (found) return found[1];
  }
  return undefined;
}

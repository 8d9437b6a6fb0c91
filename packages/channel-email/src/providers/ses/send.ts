import { GetSendQuotaCommand, SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { answerWith, type EmailMessage, NOT_BEGUN, networkCode, type Provider, type SendResult } from '@outrigger/core';
import { buildMime } from '../../mime.ts';
import { codeOfStatus, refineSesCode } from './codes.ts';
import type { SesConfig } from './config.ts';

/** The message tag by which events of a configuration set lead back to the message. */
export const SES_MESSAGE_TAG = 'outrigger_message_id';

/** Amazon SES, API of 2010-12-01: the raw message is ours, so custom headers and Message-ID go out as composed. */
export function createSesProvider(config: SesConfig): Provider<EmailMessage> {
  const client = createClient(config);
  return {
    name: 'ses',
    async send(message, signal) {
      if (signal.aborted) return NOT_BEGUN;
      const command = new SendRawEmailCommand({
        // Source and Destinations are the envelope; without them SES would read the recipients from the headers.
        Source: message.from.address,
        Destinations: [message.to],
        RawMessage: { Data: buildMime(message, new Date()) },
        Tags: [{ Name: SES_MESSAGE_TAG, Value: message.messageId }],
        ConfigurationSetName: config.SES_CONFIGURATION_SET,
      });
      try {
        const answer = await client.send(command, { abortSignal: signal });
        return answer.MessageId
          ? { kind: 'accepted', providerMessageId: answer.MessageId }
          : answerWith('ambiguous.response', 'no_message_id');
      } catch (error) {
        return classifySesError(error, message.to, signal);
      }
    },
    async readRate() {
      const { MaxSendRate } = await client.send(new GetSendQuotaCommand({}));
      return MaxSendRate && MaxSendRate > 0 ? MaxSendRate : undefined;
    },
    async close() {
      client.destroy();
    },
  };
}

/** Idle connections are dropped before the far side drops them: a reset on reuse would leave a message unknown. */
const IDLE_CONNECTION_MS = 10_000;

function createClient(config: SesConfig): SESClient {
  // Concurrency is the worker's to limit. A request that waited here for a socket could not be told from one under way.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, timeout: IDLE_CONNECTION_MS };
  return new SESClient({
    region: config.SES_REGION,
    endpoint: config.SES_ENDPOINT,
    // Region and endpoint come from our configuration alone (reliability S32), not from AWS_ENDPOINT_URL or a profile.
    ignoreConfiguredEndpointUrls: true,
    credentials:
      config.SES_ACCESS_KEY_ID && config.SES_SECRET_ACCESS_KEY
        ? { accessKeyId: config.SES_ACCESS_KEY_ID, secretAccessKey: config.SES_SECRET_ACCESS_KEY }
        : undefined,
    // Retry belongs to the ledger: by default the SDK sends the same mail up to three times.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: config.SES_CONNECT_TIMEOUT_MS,
      requestTimeout: config.SES_TIMEOUT_MS,
      // Without it the request timeout only writes a warning.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}

/** What the SDK throws: a service error with a name and a status, or a connection error with Node's code. */
type SesError = Error & {
  code?: string;
  syscall?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number; headers?: Record<string, string> };
};

/** The only text the SDK gives a connect timeout; it sets no code. */
const CONNECT_TIMEOUT = /did not establish a connection/;

export function classifySesError(thrown: unknown, recipient: string, signal: AbortSignal): SendResult {
  const error: SesError = thrown instanceof Error ? thrown : new Error(String(thrown));
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  const extra = { detail: error.message, retryAfterMs: retryAfterMs(error) };
  const vendorCode = error.code ?? error.name;
  const named = status !== undefined && status < 300 ? undefined : refineSesCode(error.name, error.message, recipient);
  if (named) return answerWith(named, error.name, extra);
  if (CONNECT_TIMEOUT.test(error.message)) return answerWith('transient.unavailable', 'connect_timeout', extra);
  const network = networkCode(error);
  if (network === 'transient.unavailable') return answerWith(network, vendorCode, extra);
  // Before the other connection errors: an abort in the middle of an answer shows as a reset.
  if (signal.aborted) return answerWith('ambiguous.timeout', 'aborted', extra);
  if (network) return answerWith(network, vendorCode, extra);
  if (status !== undefined) return answerWith(codeOfStatus(status), `HTTP ${status} ${error.name}`, extra);
  return answerWith('ambiguous.connection_lost', vendorCode, extra);
}

function retryAfterMs(error: SesError): number | undefined {
  const seconds = Number(error.$response?.headers?.['retry-after']);
  return seconds > 0 ? seconds * 1_000 : undefined;
}

import {
  answerWith,
  NOT_BEGUN,
  networkCode,
  type RefusalCode,
  type SendResult,
  type UnknownCode,
} from '@outrigger/core';
import type { CredentialSource } from './credentials.ts';
import { createHttpPeer, type HttpAnswer, type HttpFailure } from './http.ts';
import { type AwsCredentials, createSigner } from './sign.ts';

export type AwsClientOptions = {
  /** The name that the service signs under: `ses`, `sns`. */
  service: string;
  /** The first label of the service's host name: `email`, `sns`. */
  hostPrefix: string;
  region: string;
  /** Another address for the service: a VPC endpoint or an emulator. */
  endpoint?: string | undefined;
  credentials: CredentialSource;
  connectTimeoutMs: number;
  timeoutMs: number;
  now?: () => number;
};

/** What AWS answered, or what it means for the message that it did not. */
export type AwsAnswer = HttpAnswer | { failure: SendResult };

/** A service of AWS, called with requests that we build and sign. Nothing is retried: retry belongs to the ledger. */
export type AwsClient = {
  post(path: string, contentType: string, body: Buffer, signal: AbortSignal): Promise<AwsAnswer>;
  close(): Promise<void>;
};

/** AWS refuses what is signed more than five minutes away from its own clock. */
const LARGEST_SKEW_MS = 5 * 60_000;

export function createAwsClient(options: AwsClientOptions): AwsClient {
  const { now = Date.now } = options;
  const url = new URL(options.endpoint ?? endpointOf(options.hostPrefix, options.region));
  const prefix = url.pathname.replace(/\/+$/, '');
  const sign = createSigner(options.service, options.region);
  const peer = createHttpPeer(url.origin, { connectMs: options.connectTimeoutMs, answerMs: options.timeoutMs });
  let skewMs = 0;

  /** A clock that is off is put right by the answer that complains of it, so that the next request goes through. */
  function learnSkew(answer: HttpAnswer): void {
    if (answer.status < 400 || answer.status >= 500) return;
    const theirs = Date.parse(String(answer.headers.date));
    if (Math.abs(theirs - (now() + skewMs)) >= LARGEST_SKEW_MS) skewMs = theirs - now();
  }

  return {
    async post(path, contentType, body, signal) {
      if (signal.aborted) return { failure: NOT_BEGUN };
      let credentials: AwsCredentials;
      try {
        const found = options.credentials();
        credentials = found instanceof Promise ? await found : found;
      } catch (error) {
        // There is nobody to sign as, so nothing was sent.
        return { failure: answerWith('transient.configuration', nameOf(error), { detail: messageOf(error) }) };
      }
      const request = { method: 'POST', path: prefix + path, host: url.host, contentType, body } as const;
      const headers = sign(request, credentials, now() + skewMs);
      const answer = await peer.post(request.path, headers, body, signal);
      if ('begun' in answer) return { failure: failureOf(answer, signal) };
      learnSkew(answer);
      return answer;
    },
    close: () => peer.close(),
  };
}

function endpointOf(hostPrefix: string, region: string): string {
  return `https://${hostPrefix}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** What a request without an answer means for the message in it. Certain only where no byte of it went out. */
export function failureOf({ begun, error }: HttpFailure, signal: AbortSignal): SendResult {
  const vendorCode = error.code ?? error.name;
  const detail = error.message || messageOf(error.cause);
  return answerWith(begun ? doubtOf(error, signal) : 'transient.unavailable', vendorCode, { detail });
}

function doubtOf(error: Error & { code?: string }, signal: AbortSignal): RefusalCode | UnknownCode {
  if (signal.aborted) return 'ambiguous.timeout';
  if (error.code !== undefined && UNDICI_CODES[error.code]) return UNDICI_CODES[error.code]!;
  // Something answered that is not HTTP.
  if (error.name === 'HTTPParserError') return 'ambiguous.response';
  const network = networkCode(error);
  return network?.startsWith('ambiguous.') ? network : 'ambiguous.connection_lost';
}

const UNDICI_CODES: Record<string, UnknownCode> = {
  UND_ERR_HEADERS_TIMEOUT: 'ambiguous.timeout',
  UND_ERR_BODY_TIMEOUT: 'ambiguous.timeout',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'ambiguous.response',
  UND_ERR_HEADERS_OVERFLOW: 'ambiguous.response',
};

/** `Retry-After` in seconds (RFC 9110 section 10.2.3); AWS does not use its date form. */
export function retryAfterMs(answer: HttpAnswer): number | undefined {
  const seconds = Number(answer.headers['retry-after']);
  return seconds > 0 ? seconds * 1_000 : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

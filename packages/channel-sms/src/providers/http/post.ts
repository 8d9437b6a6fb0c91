import { type ClientRequest, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { isPublicAddress, lookupPublic } from '@outrigger/egress';

/** Idle connections are dropped before the far side drops them: a reset on reuse would leave a message unknown. */
const IDLE_CONNECTION_MS = 4_000;
const LARGEST_ANSWER = 65_536;

export type HttpAnswer = { status: number; retryAfter: string | undefined; body: string };
/** `begun`: whether a byte of the request may have gone out. */
export type HttpFailure = { begun: boolean; error: Error & { code?: string; syscall?: string } };
export type Poster = {
  /** One POST, made at most once; never rejects. */
  post(body: string, signal: AbortSignal): Promise<HttpAnswer | HttpFailure>;
  close(): void;
};

/** Posts JSON to one address: no redirects, no decompression, a bounded answer, and only to where the guard lets it. */
export function createPoster(options: {
  url: URL;
  headers: Record<string, string>;
  onlyPublic: boolean;
  timeoutMs: number;
  connectTimeoutMs: number;
}): Poster {
  const { url, onlyPublic } = options;
  const tls = url.protocol === 'https:';
  const settings = { keepAlive: true, timeout: IDLE_CONNECTION_MS, ...(onlyPublic && { lookup: lookupPublic }) };
  const agent = tls ? new TlsAgent(settings) : new PlainAgent(settings);

  function open(body: string): ClientRequest {
    const headers = {
      ...options.headers,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
      'accept-encoding': 'identity',
    };
    return (tls ? tlsRequest : plainRequest)(url, { method: 'POST', headers, agent });
  }

  return {
    post: (body, signal) =>
      new Promise((resolve) => {
        const request = open(body);
        let begun = false;
        const fail = (error: HttpFailure['error']) => {
          resolve({ begun, error });
          request.destroy();
        };
        const late = () => fail(Object.assign(new Error('no answer before the deadline'), { code: 'ETIMEDOUT' }));
        const connecting = setTimeout(late, options.connectTimeoutMs);
        const answering = setTimeout(late, options.timeoutMs);
        signal.addEventListener('abort', late, { once: true });
        request.on('close', () => {
          clearTimeout(connecting);
          clearTimeout(answering);
          signal.removeEventListener('abort', late);
        });
        request.on('error', fail);
        request.on('socket', (socket) => {
          const stands = () => {
            clearTimeout(connecting);
            if (onlyPublic && !isPublicAddress(socket.remoteAddress ?? '')) {
              fail(Object.assign(new Error('the peer is inside our own network'), { code: 'EPRIVATE' }));
              return;
            }
            begun = true;
            request.end(body);
          };
          if (socket.connecting) socket.once(tls ? 'secureConnect' : 'connect', stands);
          else stands();
        });
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > LARGEST_ANSWER) fail(new Error(`the answer is over ${LARGEST_ANSWER} bytes`));
            else chunks.push(chunk);
          });
          response.on('error', fail);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              retryAfter: response.headers['retry-after'],
              body: Buffer.concat(chunks).toString(),
            }),
          );
        });
      }),
    close: () => agent.destroy(),
  };
}

import { type IncomingMessage, Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { lookupPublic } from '@outrigger/egress';
import { webhookUrlProblem } from './webhook-url.ts';

/** What a receiver answered, or why there is no answer: a code of ours or of the system, with nothing personal in it. */
export type PostAnswer = { status: number; retryAfter?: string } | { problem: string };
export type Post = (url: string, headers: Record<string, string>, body: string) => Promise<PostAnswer>;

/** Nothing of an answer's body is needed; this much is read so that the connection can be used again. */
const READ_BYTES = 65_536;

/**
 * Posts to addresses that customers give: https alone, no address that is not public, checked in the look-up of the very
 * socket; no redirect is followed, nothing unpacked, and every post is over after `timeoutMs`. `allowInsecure` is for
 * development.
 */
export function createPoster(options: { allowInsecure: boolean; timeoutMs: number; lookup?: LookupFunction }): {
  post: Post;
  close(): void;
} {
  const { allowInsecure, timeoutMs, lookup = lookupPublic } = options;
  const agents = { 'http:': new PlainAgent({ keepAlive: true }), 'https:': new TlsAgent({ keepAlive: true }) };

  function postOnce(url: URL, headers: Record<string, string>, body: string): Promise<PostAnswer | 'stale'> {
    return new Promise((resolve) => {
      const wanted: RequestOptions = {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(timeoutMs),
        ...(!allowInsecure && { lookup }),
      };
      const agent = agents[url.protocol as keyof typeof agents];
      const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
      const request = send(url, { ...wanted, agent });
      request.on('response', (response) => {
        drain(response);
        const retryAfter = response.headers['retry-after'];
        resolve({ status: response.statusCode ?? 0, ...(retryAfter !== undefined && { retryAfter }) });
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The receiver closed an idle connection in the moment in which we used it.
        if (error.code === 'ECONNRESET' && request.reusedSocket) resolve('stale');
        else resolve({ problem: problemOf(error) });
      });
      request.end(body);
    });
  }

  return {
    async post(text, headers, body) {
      const problem = webhookUrlProblem(text, allowInsecure);
      if (problem) return { problem: `the address ${problem}` };
      const url = new URL(text);
      for (let attempt = 0; attempt < 3; attempt++) {
        const answer = await postOnce(url, headers, body);
        if (answer !== 'stale') return answer;
      }
      return { problem: 'ECONNRESET' };
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function drain(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > READ_BYTES) response.destroy();
  });
  // It was answered; what comes after that changes nothing.
  response.on('error', () => undefined);
}

function problemOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time';
  return error.code ?? 'the connection failed';
}

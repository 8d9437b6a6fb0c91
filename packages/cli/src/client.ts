import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Readable } from 'node:stream';
import type { ErrorBody } from '@outrigger/core';
import type { Config } from './config.ts';
import { EXIT, type Problem } from './exit-codes.ts';
import { clean } from './table.ts';

const CONTROL_BASE = '/journey/campaigns/service';
const TIMEOUT_MS = 60_000;

export type Asked<Body> = { body: Body } | { problem: Problem };
export type Client = {
  control<Body>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Asked<Body>>;
  ingress<Body>(method: 'GET', path: string): Promise<Asked<Body>>;
  /** Sends a file as the body, however long it takes. */
  upload<Body>(path: string, content: Readable): Promise<Asked<Body>>;
};

/** Calls the services as the key of the configuration. What they refuse, and their silence, is a value with words for it. */
export function createClient(config: Config): Client {
  async function ask<Body>(url: string, method: string, body?: unknown): Promise<Asked<Body>> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: { ...config.headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // Credentials go where they were meant to go.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      return unavailable(`${method} ${url} got no answer: ${cause?.message || message}. It may have been done or not.`);
    }
    const requestId = response.headers.get('x-request-id');
    return answered(`${method} ${url}`, response.status, requestId, text);
  }

  /** Not with fetch: it gives up after five minutes without an answer, and a large file takes longer. */
  function upload<Body>(path: string, content: Readable): Promise<Asked<Body>> {
    const url = `${config.controlUrl}${CONTROL_BASE}${path}`;
    return new Promise((resolve) => {
      const lost = (error: Error) => {
        content.destroy();
        resolve(unavailable(`PUT ${url} broke off: ${error.message}. Send it again: what is written is passed over.`));
      };
      const request = (url.startsWith('https:') ? requestSecure : requestPlain)(url, {
        method: 'PUT',
        headers: { ...config.headers, 'content-type': 'application/octet-stream' },
      });
      request.on('error', lost);
      content.on('error', lost);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', lost);
        response.on('end', () => {
          const requestId = String(response.headers['x-request-id'] ?? '') || null;
          const text = Buffer.concat(chunks).toString();
          resolve(answered(`PUT ${url}`, response.statusCode ?? 0, requestId, text));
        });
      });
      content.pipe(request);
    });
  }
  return {
    control: (method, path, body) => ask(`${config.controlUrl}${CONTROL_BASE}${path}`, method, body),
    ingress: (method, path) => ask(`${config.ingressUrl}/ajo/im${path}`, method),
    upload,
  };
}

function answered<Body>(what: string, status: number, requestId: string | null, text: string): Asked<Body> {
  const parsed = readJson(text);
  const ok = status >= 200 && status < 300;
  if (ok && parsed !== undefined) return { body: parsed as Body };
  if (ok) return unavailable(`${what} answered something that is not JSON.`);
  return { problem: refusal(status, requestId, parsed as Partial<ErrorBody> | undefined) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(text: string): { problem: Problem } {
  return { problem: { exitCode: EXIT.unavailable, text: clean(text) } };
}

function refusal(status: number, requestId: string | null, body: Partial<ErrorBody> | undefined): Problem {
  const code = body?.type?.split('/').at(-1) ?? `HTTP ${status}`;
  const context = Object.entries(body?.report?.additionalContext ?? {}).map(([name, value]) => `  ${name}: ${value}`);
  const lines = [
    `${body?.title ?? 'The service answered something unexpected.'} (${code})`,
    ...context,
    ...(requestId ? [`  x-request-id: ${requestId}`] : []),
  ];
  const exitCode = status >= 500 || status === 408 ? EXIT.unavailable : EXIT.refused;
  return { exitCode, text: lines.map(clean).join('\n') };
}

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
    const parsed = readJson(text);
    if (response.ok && parsed !== undefined) return { body: parsed as Body };
    if (response.ok) return unavailable(`${method} ${url} answered something that is not JSON.`);
    return { problem: refusal(response, parsed as Partial<ErrorBody> | undefined) };
  }
  return {
    control: (method, path, body) => ask(`${config.controlUrl}${CONTROL_BASE}${path}`, method, body),
    ingress: (method, path) => ask(`${config.ingressUrl}/ajo/im${path}`, method),
  };
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

function refusal(response: Response, body: Partial<ErrorBody> | undefined): Problem {
  const code = body?.type?.split('/').at(-1) ?? `HTTP ${response.status}`;
  const context = Object.entries(body?.report?.additionalContext ?? {}).map(([name, value]) => `  ${name}: ${value}`);
  const requestId = response.headers.get('x-request-id');
  const lines = [
    `${body?.title ?? 'The service answered something unexpected.'} (${code})`,
    ...context,
    ...(requestId ? [`  x-request-id: ${requestId}`] : []),
  ];
  const exitCode = response.status >= 500 || response.status === 408 ? EXIT.unavailable : EXIT.refused;
  return { exitCode, text: lines.map(clean).join('\n') };
}

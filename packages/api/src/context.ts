import { readJson } from '@outrigger/contracts';
import type { JsonValue, Refusal } from '@outrigger/core';
import type { Authenticator, Caller } from '@outrigger/pipeline';
import { checkBodyHeaders, readBody, sendRefusal } from '@outrigger/runtime';
import type { Scope } from '@outrigger/store';
import type { Request, RequestHandler, Response } from 'express';
import { describeHandler, type RouteDescription } from './describe.ts';

/** What a handler answers: a status with a JSON body, or a refusal. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | { refusal: Refusal };

/** A handler for an authenticated call. `body` is the checked JSON of calls that carry one. */
export type Handler = (call: { caller: Caller; req: Request; body: JsonValue; bodyBytes: number }) => Promise<Answer>;

/**
 * Wraps a handler, cheap checks first (reliability 4.0): what the headers say about the body, then who calls, then the
 * body, so that nothing is read for strangers. Every route says which scope it needs and what it is (the OpenAPI document is
 * made of it), so that neither can be forgotten.
 */
export function route(
  authenticate: Authenticator,
  scope: Scope,
  description: RouteDescription,
  handler: Handler,
): RequestHandler {
  const bodyLimitBytes = description.body?.limitBytes;
  const answering: RequestHandler = async (req, res) => {
    const unwanted = bodyLimitBytes !== undefined && checkBodyHeaders(req, bodyLimitBytes);
    if (unwanted) {
      sendRefusal(res, unwanted);
      return;
    }
    const authenticated = await authenticate(req.headers, scope);
    if ('refusal' in authenticated) {
      const challenge: Record<string, string> =
        authenticated.refusal.code === 'MSG-000401' ? { 'www-authenticate': 'Bearer' } : {};
      sendRefusal(res, authenticated.refusal, challenge);
      return;
    }
    let body: JsonValue = null;
    let bodyBytes = 0;
    if (bodyLimitBytes !== undefined) {
      const read = await readBody(req, bodyLimitBytes);
      if ('refusal' in read) {
        sendRefusal(res, read.refusal);
        return;
      }
      const json = readJson(read.body);
      if ('refusal' in json) {
        sendRefusal(res, json.refusal);
        return;
      }
      body = json.value;
      bodyBytes = read.body.length;
    }
    sendAnswer(res, await handler({ caller: authenticated.caller, req, body, bodyBytes }));
  };
  return describeHandler(answering, { scope, description });
}

function sendAnswer(res: Response, answer: Answer): void {
  if ('refusal' in answer) {
    sendRefusal(res, answer.refusal);
    return;
  }
  if (answer.body === undefined) {
    res.writeHead(answer.status, answer.headers).end();
    return;
  }
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  res.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  res.end(text);
}

/** A path parameter; Express gives an array only for wildcards, which we do not use. */
export function pathParameter(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readJson } from '@outrigger/contracts';
import type { JsonValue, Refusal } from '@outrigger/core';
import type { Authenticator, Caller } from '@outrigger/pipeline';
import {
  checkBodyHeaders,
  checkUploadHeaders,
  readBody,
  readUpload,
  sendRefusal,
  type UploadedFile,
} from '@outrigger/runtime';
import type { Scope } from '@outrigger/store';
import type { Request, RequestHandler, Response } from 'express';
import { describeHandler, type RouteDescription } from './describe.ts';

/** What a handler answers: a status with a JSON body, text that is made while it is sent, or a refusal. */
export type Answer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { status: number; stream: AsyncIterable<string>; headers: Record<string, string> }
  | { refusal: Refusal };

/**
 * A handler for an authenticated call. `body` is the checked JSON of calls that carry one, `listText` what `readJson` says of it,
 * `file` the file of an upload.
 */
export type Handler = (call: {
  caller: Caller;
  req: Request;
  body: JsonValue;
  bodyBytes: number;
  listText: string | undefined;
  file: UploadedFile | undefined;
}) => Promise<Answer>;

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
  const { body: described, upload } = description;
  const answering: RequestHandler = async (req, res) => {
    const unwanted =
      (described && checkBodyHeaders(req, described.limitBytes)) ||
      (upload && checkUploadHeaders(req, upload.limitBytes));
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
    let listText: string | undefined;
    if (described) {
      const read = await readBody(req, described.limitBytes);
      // A process that stood still finds its time-out before the bytes that wait: what was answered 408 must not be stored.
      if (res.headersSent) return;
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
      listText = json.listText;
    }
    let file: UploadedFile | undefined;
    if (upload) {
      const read = await readUpload(req, UPLOAD_FIELD, upload.limitBytes);
      if ('refusal' in read) {
        sendRefusal(res, read.refusal);
        return;
      }
      file = read.file;
    }
    await sendAnswer(res, await handler({ caller: authenticated.caller, req, body, bodyBytes, listText, file }));
  };
  return describeHandler(answering, { scope, description });
}

/** The field of a form that holds its file, on every route that takes one. */
const UPLOAD_FIELD = 'file';

async function sendAnswer(res: Response, answer: Answer): Promise<void> {
  if ('refusal' in answer) {
    sendRefusal(res, answer.refusal);
    return;
  }
  if ('stream' in answer) {
    res.writeHead(answer.status, answer.headers);
    // Page by page, as fast as the caller reads. What fails on the way ends the connection: a cut file must not look whole.
    await pipeline(Readable.from(answer.stream), res).catch(() => res.destroy());
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

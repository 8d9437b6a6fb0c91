import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiErrorCode, errorBody, type Refusal, refuse, uuidv7 } from '@outrigger/core';
import { httpRequestSeconds, refusals } from '@outrigger/metrics';
import express, { type ErrorRequestHandler, type Express, type IRouter, type RequestHandler } from 'express';
import { unreadBodyHeaders } from './http-body.ts';
import type { Log } from './log.ts';
import { errorFields } from './log.ts';

/** RFC 9110 section 4.1 asks for at least 8,000. */
const MAX_URL_LENGTH = 8_192;

/** An Express app with the settings every service of ours has (reliability S13). */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('query parser', 'simple');
  app.use(admit);
  return app;
}

const admit: RequestHandler = (req, res, next) => {
  // The route is the pattern and not the path, so that there are as many series as routes; what no route took is one.
  beginAnswer(req, res, () => (req.route === undefined ? 'none' : `${req.baseUrl}${req.route.path}`));
  if (req.url.length > MAX_URL_LENGTH) {
    sendRefusal(res, refuse('MSG-000414', `The URL is over ${MAX_URL_LENGTH} characters; send data in the body.`));
  } else if (req.headers.host === undefined && req.httpVersionMinor === 1) {
    sendRefusal(res, refuse('MSG-000001', 'Send the header Host (RFC 9112 section 3.2).'), { connection: 'close' });
  } else next();
};

/**
 * What every request gets: an id of ours on its answer, and its time in the metrics once that is sent. A caller's own x-request-id
 * is never echoed: it could be anything.
 */
export function beginAnswer(req: IncomingMessage, res: ServerResponse, routeOf: () => string): void {
  res.setHeader('x-request-id', uuidv7());
  const startedAt = performance.now();
  res.once('finish', () => {
    const labels = { method: req.method ?? '', route: routeOf(), status: String(res.statusCode) };
    httpRequestSeconds.observe(labels, (performance.now() - startedAt) / 1_000);
  });
}

/** Answers a refusal with the documented error body. */
export function sendRefusal(res: ServerResponse, refusal: Refusal, headers: Record<string, string> = {}): void {
  if (res.headersSent) return;
  refusals.inc({ code: refusal.code });
  const body = errorBody(refusal);
  const text = JSON.stringify(body);
  res.writeHead(body.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...unreadBodyHeaders(res.req),
    ...(refusal.retryAfterSeconds !== undefined && { 'retry-after': String(refusal.retryAfterSeconds) }),
    ...headers,
  });
  res.end(text);
}

/**
 * Ends an app: a known path asked with another method is 405, what no route took is 404, and what a route threw is 503 when
 * a store is away and 500 when it is our fault. Call it after the last route.
 */
export function finishApp(app: Express, log: Log): void {
  refuseOtherMethods(app.router);
  app.use((req, res) => {
    sendRefusal(res, refuse('MSG-000404', `There is no ${req.method} ${req.path.slice(0, 100)}.`));
  });
  const onError: ErrorRequestHandler = (error, req, res, _next) => {
    answerFailure(error, req, res, { route: req.route?.path, log });
  };
  app.use(onError);
}

/** Answers what a handler threw, and logs it where it is not the caller's. Nothing of the error itself reaches the caller. */
export function answerFailure(
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  { route, log }: { route: string | undefined; log: Log },
): void {
  const code = errorCode(error);
  if (code === 'MSG-000500' || code === 'MSG-000503') {
    log.error({
      event: 'http.failed',
      method: req.method,
      route,
      request_id: res.getHeader('x-request-id'),
      ...callerRequestId(req.headers['x-request-id']),
      ...errorFields(error),
    });
  }
  if (code === 'MSG-000009') sendRefusal(res, refuse(code, 'The URL has a percent escape that is not UTF-8.'));
  else sendRefusal(res, refuse(code), code === 'MSG-000503' ? { 'retry-after': '2' } : {});
}

/** What the caller called the request, cut: it helps to find a failure, and must not fill the log. */
function callerRequestId(value: string | string[] | undefined): { caller_request_id?: string } {
  return value === undefined ? {} : { caller_request_id: String(value).slice(0, 64) };
}

/**
 * Answers 405 with `Allow` on every path of a router, and of the routers mounted on it, for the methods it has no route for.
 * So a router must hold all methods of its paths. Without this a wrong method could fall through to a later router whose
 * pattern happens to match.
 */
function refuseOtherMethods(router: IRouter): void {
  const methodsOfPath = new Map<string, Set<string>>();
  for (const { route, handle } of router.stack) {
    if (isRouter(handle)) refuseOtherMethods(handle);
    // A handler of `all` has no method: it refuses or takes every one by itself.
    if (!route || route.stack.some(({ method }) => !method)) continue;
    const methods = methodsOfPath.get(route.path) ?? new Set();
    for (const { method } of route.stack) methods.add(method.toUpperCase());
    if (methods.has('GET')) methods.add('HEAD');
    methodsOfPath.set(route.path, methods);
  }
  for (const [path, methods] of methodsOfPath) {
    const allow = [...methods].join(', ');
    router.all(path, (_req, res) => {
      sendRefusal(res, refuse('MSG-000405', `This path takes ${allow} only.`), { allow });
    });
  }
}

function isRouter(handle: unknown): handle is IRouter {
  return typeof handle === 'function' && 'stack' in handle && Array.isArray(handle.stack);
}

const STORE_AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|57P0[123]|53\d{3}|57014|08\w{3}|25006)$/;

function errorCode(error: unknown): ApiErrorCode {
  const { code, status, message } = (error ?? {}) as { code?: string; status?: number; message?: string };
  if (typeof code === 'string' && STORE_AWAY.test(code)) return 'MSG-000503';
  if (/connection terminated|timeout exceeded when trying to connect|Connection terminated/i.test(message ?? '')) {
    return 'MSG-000503';
  }
  // Express's own 400 is a broken percent escape in the path; readBody's is a caller who is no longer there to see it.
  return status === 400 ? 'MSG-000009' : 'MSG-000500';
}

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { API_ERRORS, type ApiErrorCode, errorBody, type Refusal, refuse } from '@outrigger/core';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import type { Part } from './lifecycle.ts';
import type { Log } from './log.ts';
import { errorFields } from './log.ts';

/** An Express app with the settings every service of ours has (reliability S13). */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('query parser', 'simple');
  return app;
}

/** Answers a refusal with the documented error body. */
export function sendRefusal(res: Response, refusal: Refusal, headers: Record<string, string> = {}): void {
  const body = errorBody(refusal);
  if (res.headersSent) return;
  const text = JSON.stringify(body);
  res.writeHead(body.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}

/**
 * Ends an app: what no route took is 404 (405 where the path exists is the router's to say), and what a route threw is
 * 503 when a store is away and 500 when it is our fault. Nothing of the error itself reaches the caller.
 */
export function finishApp(app: Express, log: Log): void {
  app.use((req, res) => {
    sendRefusal(res, refuse('MSG-000404', `There is no ${req.method} ${req.path.slice(0, 100)}.`));
  });
  const onError: ErrorRequestHandler = (error, req, res, _next) => {
    const code = errorCode(error);
    if (code === 'MSG-000500' || code === 'MSG-000503') {
      log.error({ event: 'http.failed', method: req.method, route: req.route?.path, ...errorFields(error) });
    }
    sendRefusal(res, refuse(code), code === 'MSG-000503' ? { 'retry-after': '2' } : {});
  };
  app.use(onError);
}

const STORE_AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|57P0[123]|53\d{3}|57014|08\w{3}|25006)$/;

function errorCode(error: unknown): ApiErrorCode {
  const { code, status, message } = (error ?? {}) as { code?: string; status?: number; message?: string };
  if (typeof code === 'string' && STORE_AWAY.test(code)) return 'MSG-000503';
  if (/connection terminated|timeout exceeded when trying to connect|Connection terminated/i.test(message ?? '')) {
    return 'MSG-000503';
  }
  if (status !== undefined && status >= 400 && status < 500) return status === 413 ? 'MSG-000413' : 'MSG-000009';
  return 'MSG-000500';
}

/** Reads a request's raw body, at most `limitBytes`, or says why it was refused. A caller that announces more is not waited for. */
export async function readBody(req: Request, limitBytes: number): Promise<{ body: Buffer } | { refusal: Refusal }> {
  const type = req.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return { refusal: refuse('MSG-000415') };
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return { refusal: refuse('MSG-000415', 'Send the body without Content-Encoding.') };
  }
  const tooLarge = () => refuse('MSG-000413', `The body is over ${limitBytes} bytes.`);
  if (Number(req.headers['content-length'] ?? 0) > limitBytes) return { refusal: tooLarge() };
  return collect(req, limitBytes, tooLarge);
}

function collect(
  req: IncomingMessage,
  limitBytes: number,
  tooLarge: () => Refusal,
): Promise<{ body: Buffer } | { refusal: Refusal }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) {
        req.pause();
        resolve({ refusal: tooLarge() });
      } else chunks.push(chunk);
    });
    req.on('end', () => resolve({ body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }));
    req.on('error', reject);
    req.on('close', () => reject(Object.assign(new Error('the caller went away'), { status: 400 })));
  });
}

/** A refused body that was not read to its end closes the connection after the answer, so that it cannot be smuggled on. */
export function closeAfter(refusal: Refusal): Record<string, string> {
  return API_ERRORS[refusal.code].status === 413 ? { connection: 'close' } : {};
}

/** Starts listening; the part's stop waits for open requests, then closes idle connections. */
export async function listen(app: Express, options: { host: string; port: number }): Promise<Part & { port: number }> {
  const server: Server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 30_000 }, app);
  server.maxRequestsPerSocket = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const [status, code]: [string, ApiErrorCode] =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'MSG-000009']
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? ['408 Request Timeout', 'MSG-000408']
          : ['400 Bad Request', 'MSG-000009'];
    const body = JSON.stringify(errorBody(refuse(code)));
    socket.end(
      `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    name: 'http',
    port: typeof address === 'object' && address ? address.port : options.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

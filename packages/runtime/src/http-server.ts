import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ApiErrorCode, errorBody, refuse, uuidv7 } from '@outrigger/core';
import { sendRefusal } from './http.ts';
import type { Part } from './lifecycle.ts';

export type ListenOptions = {
  host: string;
  port: number;
  /** Longest time from a request's first byte to its last (reliability A29); its headers get half of it. */
  requestTimeoutMs?: number;
  /** Longest time for the headers, when a request may take far longer than them. */
  headersTimeoutMs?: number;
};

/** Node's default, set on purpose (reliability A32). */
const MAX_HEADER_BYTES = 16_384;
/** How long a refused connection is read on, so that its answer is not lost to a reset. */
const LINGER_MS = 1_000;

const LOOK_FOR_IDLE_MS = 100;

/**
 * Starts listening. The part's stop takes no new connections, waits for open requests and ends each connection with its next
 * answer: a caller that keeps one busy would otherwise hold the stop up for as long as it calls.
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<Part & { port: number }> {
  const { requestTimeoutMs = 10_000, headersTimeoutMs = requestTimeoutMs / 2 } = options;
  /** The newest answer of each connection, finished or not. Node writes a connection's answers in order. */
  const newest = new WeakMap<Socket, ServerResponse>();
  let stopping = false;
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    // It was answered already: its caller is told 408 (or 400), so nothing may come of what is still read from the connection.
    if (refusedSockets.has(req.socket)) return;
    newest.set(req.socket, res);
    if (stopping) res.setHeader('connection', 'close');
    app(req, res);
  };
  const server: Server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: headersTimeoutMs,
      // Node looks for late requests only every 30 s unless told otherwise.
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs / 2),
      keepAliveTimeout: 30_000,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The app answers a missing Host with the documented body; Node would answer with none.
      requireHostHeader: false,
    },
    onRequest,
  );
  server.maxRequestsPerSocket = 0;
  // An expectation that we do not know is no reason to answer without a body (RFC 9110 section 10.1.1: MAY).
  server.on('checkExpectation', onRequest);
  server.on('clientError', (error, socket) => answerClientError(error, socket as Socket, newest));
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
        stopping = true;
        const timer = setInterval(() => server.closeIdleConnections(), LOOK_FOR_IDLE_MS);
        server.close(() => {
          clearInterval(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const refusedSockets = new WeakSet<Socket>();

/**
 * Answers what never became a request, or whose body broke off, in its place among the answers of the connection: an
 * answer written at once could be taken for that of an earlier request, which may have been accepted.
 */
function answerClientError(error: Error, socket: Socket, newest: WeakMap<Socket, ServerResponse>): void {
  if (refusedSockets.has(socket)) return;
  refusedSockets.add(socket);
  const res = newest.get(socket);
  const code = codeOf(error);
  if (!socket.writable) socket.destroy();
  else if (!res || (res.writableFinished && res.req.complete)) refuseConnection(socket, code);
  else if (res.req.complete) res.once('close', () => refuseConnection(socket, code));
  else if (res.headersSent) socket.destroy();
  else sendRefusal(res, refuse(code), { connection: 'close' });
}

function codeOf(error: Error & { code?: string; rawPacket?: Buffer; bytesParsed?: number }): ApiErrorCode {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'MSG-000408';
  if (error.code !== 'HPE_HEADER_OVERFLOW') return 'MSG-000001';
  // The parser counts the URL among the headers; without a line end it was still reading the URL.
  const read = error.rawPacket?.subarray(0, error.bytesParsed).toString('latin1') ?? '';
  return /^[A-Z]+ [^\n]*$/.test(read) ? 'MSG-000414' : 'MSG-000431';
}

const REASONS: Partial<Record<ApiErrorCode, string>> = {
  'MSG-000001': 'Bad Request',
  'MSG-000408': 'Request Timeout',
  'MSG-000414': 'URI Too Long',
  'MSG-000431': 'Request Header Fields Too Large',
};

function refuseConnection(socket: Socket, code: ApiErrorCode): void {
  const title = code === 'MSG-000001' ? 'The request is not well-formed HTTP (RFC 9112); correct it.' : undefined;
  const body = errorBody(refuse(code, title));
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${body.status} ${REASONS[code]}\r\nx-request-id: ${uuidv7()}\r\nconnection: close\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

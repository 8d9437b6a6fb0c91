import { NOT_BEGUN } from '@outrigger/core';
import { type Dispatcher, Pool } from 'undici';

/** Idle connections are dropped before the far side drops them: a reset on reuse would leave a message unknown. */
const IDLE_CONNECTION_MS = 10_000;
/** An answer of AWS about fifty messages has some 10 kB. */
const LARGEST_ANSWER = 1024 * 1024;

export type HttpAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

/**
 * Why there is no answer. `begun` says whether a byte of the request may have gone out: before that, nobody can have taken
 * anything, whatever went wrong (reliability 5.4).
 */
export type HttpFailure = { begun: boolean; error: Error & { code?: string } };

export type HttpPeer = {
  /** One request, sent at most once. Settles soon after `signal` aborts; never rejects. */
  post(path: string, headers: string[], body: Buffer, signal: AbortSignal): Promise<HttpAnswer | HttpFailure>;
  close(): Promise<void>;
};

/** Connections to one origin, kept open and as many as are needed at a time: concurrency is the worker's to limit. */
export function createHttpPeer(origin: string, timeouts: { connectMs: number; answerMs: number }): HttpPeer {
  const pool = new Pool(origin, {
    // A request that waited behind another on its connection could not be told from one under way.
    pipelining: 1,
    connections: null,
    allowH2: false,
    connect: { timeout: timeouts.connectMs },
    headersTimeout: timeouts.answerMs,
    bodyTimeout: timeouts.answerMs,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    maxResponseSize: LARGEST_ANSWER,
  });
  let closing: Promise<void> | undefined;
  return {
    post: (path, headers, body, signal) =>
      new Promise((resolve) => {
        const handler = new RequestHandler(signal, resolve);
        try {
          pool.dispatch({ method: 'POST', path, headers, body }, handler);
        } catch (error) {
          handler.fail(error as Error);
        }
      }),
    close() {
      closing ??= pool.destroy();
      return closing;
    },
  };
}

/** One request on undici's own interface: its promise interface makes a stream of every answer, which costs as much as the rest. */
class RequestHandler implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (result: HttpAnswer | HttpFailure) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: HttpAnswer['headers'] = {};
  #settled = false;

  constructor(signal: AbortSignal, resolve: (result: HttpAnswer | HttpFailure) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    signal.addEventListener('abort', this.#onAbort);
  }

  /** undici calls it with a connection that stands and before it writes the first byte. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) controller.abort(TOO_LATE);
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const bytes = first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#settle({ status: this.#status, headers: this.#headers, body: bytes.toString() });
  }

  onResponseError(_: unknown, error: Error): void {
    this.fail(error);
  }

  fail(error: Error): void {
    this.#settle({ begun: this.#controller !== undefined, error });
  }

  readonly #onAbort = (): void => {
    const controller = this.#controller;
    this.fail(TOO_LATE);
    controller?.abort(TOO_LATE);
  };

  #settle(result: HttpAnswer | HttpFailure): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve(result);
  }
}

const TOO_LATE = Object.assign(new Error('the deadline passed'), {
  code: 'vendorCode' in NOT_BEGUN ? NOT_BEGUN.vendorCode : '',
});

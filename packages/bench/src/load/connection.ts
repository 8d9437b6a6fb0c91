import { connect } from 'node:net';

/** Called with the status and the bytes of the whole answer; status 0 when the connection was lost before one came. */
export type Answered = (status: number, answer: Buffer) => void;
export type Connection = { send(request: Buffer, answered: Answered): void; close(): void };

const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One kept-alive HTTP/1.1 connection with one call under way at a time, by hand: about 15 us a call where a client library costs
 * 40 or more (perf notes in docs/benchmarks). Reads answers with a Content-Length, which is what the ingress sends.
 */
export function openConnection(port: number): Connection {
  let answered: Answered | undefined;
  let pending: Buffer | undefined;
  let socket = dial();

  function dial() {
    const fresh = connect({ host: '127.0.0.1', port, noDelay: true });
    fresh.on('data', receive);
    fresh.on('error', () => fresh.destroy());
    fresh.on('close', () => finish(0, Buffer.alloc(0)));
    return fresh;
  }

  function receive(chunk: Buffer): void {
    const data = pending ? Buffer.concat([pending, chunk]) : chunk;
    pending = data;
    const headEnd = data.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(CONTENT_LENGTH.exec(data.toString('latin1', 0, headEnd))?.[1]);
    if (Number.isNaN(length)) {
      socket.destroy();
      return;
    }
    if (data.length < headEnd + 4 + length) return;
    pending = undefined;
    finish(Number(data.toString('latin1', 9, 12)), data);
  }

  function finish(status: number, answer: Buffer): void {
    const tell = answered;
    answered = undefined;
    tell?.(status, answer);
  }

  return {
    send(request, whenAnswered) {
      answered = whenAnswered;
      if (socket.destroyed) {
        pending = undefined;
        socket = dial();
      }
      socket.write(request);
    },
    close() {
      answered = undefined;
      socket.destroy();
    },
  };
}

import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from '@outrigger/core';

/** A refused body up to this is read and thrown away, so that the answer arrives and the connection goes on. */
const MAX_DISCARDED_BYTES = 4 * 1_048_576;

/**
 * Checks what the headers say about a body, so that a hostile one is refused before credentials are looked at and before
 * a byte of it is read: its announced size, then its media type (reliability 4.0, order of checks).
 */
export function checkBodyHeaders(req: IncomingMessage, limitBytes: number): Refusal | undefined {
  if (announcedBytes(req) > limitBytes) return tooLarge(limitBytes);
  const type = req.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return refuse('MSG-000415');
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refuse('MSG-000415', 'Send the body without Content-Encoding.');
  }
  return undefined;
}

/** Longest time for a body that is read whole, where the server itself allows more. */
const BODY_TIMEOUT_MS = 10_000;

/** Headers of an answer given before the body was read: who announced too much to throw away is hung up on. */
export function unreadBodyHeaders(req: IncomingMessage): Record<string, string> {
  return !req.complete && announcedBytes(req) > MAX_DISCARDED_BYTES ? { connection: 'close' } : {};
}

/** Reads a request's raw body, at most `limitBytes`, or says why it was refused. Rejects when the caller goes away. */
export function readBody(
  req: IncomingMessage,
  limitBytes: number,
): { body: Buffer } | { refusal: Refusal } | Promise<{ body: Buffer } | { refusal: Refusal }> {
  // Most bodies came with their headers: then there is nothing to listen for.
  if (req.complete && !req.readableEnded) {
    const body = (req.read() as Buffer | null) ?? Buffer.alloc(0);
    return body.length > limitBytes ? { refusal: tooLarge(limitBytes) } : { body };
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      chunks.length = 0;
      resolve({ refusal: refuse('MSG-000408') });
      // The answer goes out first.
      setTimeout(() => req.destroy(), 1_000).unref();
    }, BODY_TIMEOUT_MS);
    req.once('close', () => clearTimeout(timer));
    req.once('end', () => clearTimeout(timer));
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      resolve({ refusal: tooLarge(limitBytes) });
      if (size > limitBytes + MAX_DISCARDED_BYTES) req.destroy();
    });
    req.on('end', () => resolve({ body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }));
    req.on('error', reject);
    req.on('close', () => {
      if (!req.complete) reject(Object.assign(new Error('the caller went away'), { status: 400 }));
    });
  });
}

const tooLarge = (limitBytes: number) =>
  refuse('MSG-000413', `The body is over ${limitBytes} bytes; send less at once.`);

function announcedBytes(req: IncomingMessage): number {
  return Number(req.headers['content-length'] ?? 0);
}

import { Pool } from 'undici';
import type { CredentialSource } from './credentials.ts';
import { createObjectSigner, escapeSegment } from './sign.ts';

export type BucketOptions = {
  bucket: string;
  region: string;
  /** Another address for S3: a store of one's own, or an emulator. */
  endpoint?: string | undefined;
  credentials: CredentialSource;
  now?: () => number;
};

/** What the bucket answered, or why there is no answer that could be used. */
export type BucketAnswer = { status: number; body: Buffer } | { tooLarge: true } | { failure: string };

/** Reads an object by the parts of its key, up to so many bytes, which is all that it keeps in memory. Never rejects. */
export type ReadObject = (key: string[], maxBytes: number, signal: AbortSignal) => Promise<BucketAnswer>;

const IDLE_CONNECTION_MS = 10_000;
const SILENCE_MS = 10_000;

/**
 * `GetObject` of S3, in path style: it works with every bucket name and every store that speaks S3. Redirects are not followed:
 * a bucket in another region is a mistake in the configuration.
 */
export function createBucketReader(options: BucketOptions): ReadObject {
  const { now = Date.now } = options;
  const suffix = options.region.startsWith('cn-') ? '.cn' : '';
  const url = new URL(options.endpoint ?? `https://s3.${options.region}.amazonaws.com${suffix}`);
  const prefix = `${url.pathname.replace(/\/+$/, '')}/${options.bucket}`;
  const sign = createObjectSigner('s3', options.region);
  const pool = new Pool(url.origin, {
    connections: null,
    allowH2: false,
    connect: { timeout: SILENCE_MS },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
  });
  return async (key, maxBytes, signal) => {
    try {
      const path = `${prefix}/${key.map(escapeSegment).join('/')}`;
      const headers = sign({ path, host: url.host }, await options.credentials(), now());
      const { statusCode, headers: told, body } = await pool.request({ method: 'GET', path, headers, signal });
      if (statusCode === 200 && Number(told['content-length']) > maxBytes) {
        body.destroy();
        return { tooLarge: true };
      }
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > maxBytes) return { tooLarge: true };
        chunks.push(chunk);
      }
      return { status: statusCode, body: Buffer.concat(chunks) };
    } catch (error) {
      return { failure: signal.aborted ? 'the bucket did not answer in time' : `the bucket: ${nameOf(error)}` };
    }
  };
}

function nameOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? 'unknown';
}

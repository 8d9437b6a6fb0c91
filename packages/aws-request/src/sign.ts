import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export type AwsCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
};

export type SignableRequest = {
  method: 'POST';
  /** As it goes out, with its percent escapes. */
  path: string;
  host: string;
  contentType: string;
  body: Buffer;
};

/** The headers that make a request a signed one, flat: name, value, name, value. */
export type SignedHeaders = string[];

/**
 * Signs requests to one service in one region: AWS Signature Version 4,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * By hand because the SDK takes 375 us to build and sign a request that takes 73 us to send. What does not change
 * with the body is kept: the signing key for its day, the date text for its second.
 */
export function createSigner(service: string, region: string) {
  let date: { second: number; text: string } = { second: -1, text: '' };
  let key: { day: string; secret: string; value: KeyObject } | undefined;

  function dateText(nowMs: number): string {
    const second = Math.floor(nowMs / 1_000);
    if (second !== date.second) date = { second, text: amzDate(second * 1_000) };
    return date.text;
  }

  function signingKey(day: string, secret: string): KeyObject {
    if (key?.day !== day || key.secret !== secret) {
      key = { day, secret, value: deriveKey(secret, day, region, service) };
    }
    return key.value;
  }

  return function sign(request: SignableRequest, credentials: AwsCredentials, nowMs: number): SignedHeaders {
    const at = dateText(nowMs);
    const day = at.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const token = credentials.sessionToken;
    const signedNames = token === undefined ? SIGNED : `${SIGNED};x-amz-security-token`;
    const canonical =
      `${request.method}\n${canonicalPath(request.path)}\n\n` +
      `content-type:${request.contentType}\nhost:${request.host}\nx-amz-date:${at}\n` +
      (token === undefined ? '' : `x-amz-security-token:${token}\n`) +
      `\n${signedNames}\n${hash('sha256', request.body, 'hex')}`;
    const toSign = `AWS4-HMAC-SHA256\n${at}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
    const signature = createHmac('sha256', signingKey(day, credentials.secretAccessKey)).update(toSign).digest('hex');
    const headers = [
      'content-type',
      request.contentType,
      'host',
      request.host,
      'x-amz-date',
      at,
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`,
    ];
    if (token !== undefined) headers.push('x-amz-security-token', token);
    return headers;
  };
}

const SIGNED = 'content-type;host;x-amz-date';

/**
 * Signs `GET` requests for objects of S3: their path is escaped once and not twice, and the digest of the (empty) body is a header
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 */
export function createObjectSigner(service: string, region: string) {
  return function sign(
    { path, host }: { path: string; host: string },
    credentials: AwsCredentials,
    nowMs: number,
  ): Record<string, string> {
    const at = amzDate(nowMs);
    const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
    const headers: Record<string, string> = { host, 'x-amz-content-sha256': EMPTY_BODY, 'x-amz-date': at };
    if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
    const names = Object.keys(headers);
    const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
    const canonical = `GET\n${path}\n\n${lines}\n${names.join(';')}\n${EMPTY_BODY}`;
    const toSign = `AWS4-HMAC-SHA256\n${at}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
    const key = deriveKey(credentials.secretAccessKey, at.slice(0, 8), region, service);
    const signature = createHmac('sha256', key).update(toSign).digest('hex');
    const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    return { ...headers, authorization };
  };
}

const EMPTY_BODY = hash('sha256', '', 'hex');

/** `20261127T220519Z` */
function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function deriveKey(secret: string, day: string, region: string, service: string): KeyObject {
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [day, region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  // A KeyObject and not bytes: Node imports bytes anew for every HMAC, which takes ten times as long as the HMAC.
  return createSecretKey(key);
}

/** Every service but S3 wants the escaped path escaped once more. */
function canonicalPath(path: string): string {
  return PLAIN_PATH.test(path) ? path : path.split('/').map(escapeSegment).join('/');
}

const PLAIN_PATH = /^[A-Za-z0-9/_.~-]*$/;

/** One part of a path, escaped as AWS wants it. */
export function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

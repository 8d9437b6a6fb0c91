import { X509Certificate } from 'node:crypto';
import type { Topic } from './topic.ts';

/** A certificate, why it is none that may be trusted, or that it cannot be had now. */
export type FetchedCertificate = { certificate: X509Certificate } | { refused: string } | { unavailable: string };
export type FetchCertificate = (url: string, topic: Topic) => Promise<FetchedCertificate>;

const LARGEST_BYTES = 64 * 1024;
const LONGEST_MS = 3_000;
const KEPT = 16;
/** Certificates change a few times a year: more fetches at a time than this are somebody's attempt to make us busy. */
const AT_A_TIME = 4;

/**
 * Whether a certificate may be fetched from there: from SNS itself in the region of the topic, by name and path, and from
 * nowhere else. The usual pattern `sns.*.amazonaws.com` also fits storage buckets (reliability finding 10). Compared as text,
 * so that no two parsers can disagree about a URL.
 */
export function isSigningCertificateUrl(url: string, topic: Topic): boolean {
  const origin = `https://${topic.host}`;
  return (
    url.startsWith(origin) && /^\/SimpleNotificationService(-[A-Za-z0-9]{1,64})?\.pem$/.test(url.slice(origin.length))
  );
}

/**
 * Fetches signing certificates and keeps the last few. `origin` replaces SNS for an emulator. That a certificate comes from
 * SNS is proved by the TLS of its host; it must also be issued to SNS, and be valid now.
 */
export function createCertificateFetcher(
  deps: { fetch?: typeof fetch; now?: () => number; origin?: string } = {},
): FetchCertificate {
  const { fetch: get = fetch, now = Date.now, origin } = deps;
  const kept = new Map<string, X509Certificate>();
  /** One fetch a certificate, however many messages wait for it: the first ones after a start come together. */
  const underWay = new Map<string, Promise<FetchedCertificate>>();

  async function load(url: string, topic: Topic): Promise<FetchedCertificate> {
    try {
      const from = origin === undefined ? url : `${origin}${new URL(url).pathname}`;
      const response = await get(from, { redirect: 'error', signal: AbortSignal.timeout(LONGEST_MS) });
      if (response.status >= 500) return { unavailable: `HTTP ${response.status}` };
      if (response.status !== 200) return { refused: `the certificate is answered with HTTP ${response.status}` };
      const pem = await readUpTo(response, LARGEST_BYTES);
      if (pem === undefined) return { refused: 'the certificate is too large' };
      const certificate = parse(pem);
      if (!certificate) return { refused: 'this is no certificate' };
      const checked = check(certificate, topic, now());
      if ('certificate' in checked) {
        kept.set(url, certificate);
        if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
      }
      return checked;
    } catch (error) {
      return { unavailable: String(error) };
    } finally {
      underWay.delete(url);
    }
  }

  return async (url, topic) => {
    const known = kept.get(url);
    if (known) return check(known, topic, now());
    const same = underWay.get(url);
    if (same) return same;
    if (underWay.size >= AT_A_TIME) return { unavailable: 'too many certificates are being fetched' };
    const loading = load(url, topic);
    underWay.set(url, loading);
    return loading;
  };
}

function check(certificate: X509Certificate, topic: Topic, nowMs: number): FetchedCertificate {
  if (nowMs < Date.parse(certificate.validFrom) || nowMs > Date.parse(certificate.validTo)) {
    return { refused: 'the certificate is not valid now' };
  }
  if (!namesOf(certificate).some((name) => topic.certificateNames.includes(name))) {
    return { refused: 'the certificate is not issued to SNS' };
  }
  return { certificate };
}

/** Its DNS names, or where it has none, its common name. */
function namesOf(certificate: X509Certificate): string[] {
  const names = [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,]+)/g)].map((match) => match[1]!);
  const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return names.length > 0 ? names : commonName ? [commonName] : [];
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

async function readUpTo(response: Response, limit: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

import { decodeHTMLAttribute } from 'entities';

/** Schemes a link made from data may have. Anything else can start a program or run script somewhere. */
const SCHEMES_FROM_DATA = new Set(['http', 'https', 'mailto', 'tel', 'sms', 'cid']);
/** Schemes no author may write. */
const SCHEMES_REFUSED = new Set(['javascript', 'vbscript', 'data', 'file']);

/** What browsers skip in a scheme, and what readers cannot see. */
const INVISIBLE = /[\s\p{Cc}\p{Cf}\p{Z}]/gu;

/**
 * The URL's scheme in lower case, as a browser would see it: character references resolved, control characters, blanks
 * and invisible characters ignored. Undefined for a relative URL.
 */
export function schemeOf(url: string): string | undefined {
  const decoded = url.includes('&') ? decodeHTMLAttribute(url) : url;
  const visible = decoded.replace(INVISIBLE, '');
  const colon = visible.indexOf(':');
  if (colon === -1) return undefined;
  const scheme = visible.slice(0, colon);
  return /[/?#]/.test(scheme) ? undefined : scheme.toLowerCase();
}

/**
 * Liquid `safe_url`: the value itself, or `#` when it is a URL with a scheme that data may not choose; with a list of domains (in
 * one text, with blanks between) also when it is the address of a page elsewhere.
 */
export function safeUrl(value: unknown, domains?: unknown): unknown {
  if (typeof value !== 'string')
    return value === null || value === undefined || typeof value === 'number' ? value : '#';
  if (typeof domains === 'string' && !staysWithin(value, domains.split(' '))) return '#';
  // Nearly every value; the rest of this function is for the others.
  if (value.startsWith('https://') || value.startsWith('http://')) return value;
  const scheme = schemeOf(value);
  return scheme === undefined || SCHEMES_FROM_DATA.has(scheme) ? value : '#';
}

/**
 * Against what a relative address is read; nobody has a page there (RFC 2606). Not of the web, where `https:shop.example` would be
 * read as a path of it.
 */
const NOWHERE = 'ftp://relative.invalid';
const WITH_HOSTS = new Set(['ftp:', 'http:', 'https:']);

/**
 * Whether a browser that follows the address ends at one of the domains, or leaves the web (mail, phone). The value may be what the
 * attribute holds or what it means, so both are looked at.
 */
function staysWithin(value: string, domains: readonly string[]): boolean {
  const readings = value.includes('&') ? [value, decodeHTMLAttribute(value)] : [value];
  return readings.every((reading) => {
    // What is no URL leads nowhere; to be on the safe side it is not sent.
    const url = URL.parse(reading.replace(/[\p{Cf}]/gu, ''), NOWHERE);
    if (!url) return false;
    if (!WITH_HOSTS.has(url.protocol)) return true;
    if (url.username !== '' || url.password !== '') return false;
    if (url.origin === NOWHERE) return true;
    const host = url.hostname.replace(/\.$/, '');
    return domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
  });
}

/** Whether an author may write this literal URL. Pictures may be `data:` URLs, nothing else may. */
export function isRefusedLiteralUrl(url: string, attribute: string): boolean {
  const scheme = schemeOf(url);
  if (scheme === undefined || !SCHEMES_REFUSED.has(scheme)) return false;
  return !(scheme === 'data' && attribute === 'src' && /^\s*data:image\/(png|jpe?g|gif|webp);/i.test(url));
}

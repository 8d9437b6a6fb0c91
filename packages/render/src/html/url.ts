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

/** Liquid `safe_url`: the value itself, or `#` when it is a URL with a scheme that data may not choose. */
export function safeUrl(value: unknown): unknown {
  if (typeof value !== 'string')
    return value === null || value === undefined || typeof value === 'number' ? value : '#';
  // Nearly every value; the rest of this function is for the others.
  if (value.startsWith('https://') || value.startsWith('http://')) return value;
  const scheme = schemeOf(value);
  return scheme === undefined || SCHEMES_FROM_DATA.has(scheme) ? value : '#';
}

/** Whether an author may write this literal URL. Pictures may be `data:` URLs, nothing else may. */
export function isRefusedLiteralUrl(url: string, attribute: string): boolean {
  const scheme = schemeOf(url);
  if (scheme === undefined || !SCHEMES_REFUSED.has(scheme)) return false;
  return !(scheme === 'data' && attribute === 'src' && /^\s*data:image\/(png|jpe?g|gif|webp);/i.test(url));
}

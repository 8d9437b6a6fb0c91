/** Why an address was refused, in words for a person. */
export type EmailAddressProblem = { problem: string };
export type ParsedEmailAddress = { address: string; localPart: string; domain: string };

const ATOM = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/**
 * The one strict address parser (reliability S25): an ASCII dot-atom local part (RFC 5321 4.1.2 without quoted strings)
 * and an IDNA domain of at least two labels, returned as punycode. One address only: lists, display names, comments,
 * address literals and control characters are refused, so that what was checked is what is sent.
 */
export function parseEmailAddress(raw: string): ParsedEmailAddress | EmailAddressProblem {
  if (raw.length > 320) return { problem: 'longer than 320 characters' };
  const at = raw.lastIndexOf('@');
  if (at < 1) return { problem: 'has no local part before @' };
  const localPart = raw.slice(0, at);
  if (localPart.length > 64) return { problem: 'local part is longer than 64 characters' };
  if (!ATOM.test(localPart)) return { problem: 'local part has characters that are not allowed' };
  const domain = toAsciiDomain(raw.slice(at + 1));
  if (domain === undefined) return { problem: 'domain is not a valid host name' };
  return { address: `${localPart}@${domain}`, localPart, domain };
}

const MOST_KEPT = 1_000;
const kept = new Map<string, string | undefined>();

/** Lower-case punycode form of a domain with at least two labels, or undefined. Most people share a few domains, so they are kept. */
export function toAsciiDomain(raw: string): string | undefined {
  const known = kept.get(raw);
  if (known !== undefined || kept.has(raw)) return known;
  const domain = readDomain(raw);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(raw, domain);
  return domain;
}

function readDomain(raw: string): string | undefined {
  let domain = raw.toLowerCase();
  // Only a name with other than plain ASCII needs IDNA; URL applies it, and also accepts things we refuse below.
  if (!/^[a-z0-9.-]+$/.test(domain)) {
    if (/[\s\p{Cc}/\\?#@:[\]%]/u.test(domain)) return undefined;
    if (!URL.canParse(`http://${domain}`)) return undefined;
    domain = new URL(`http://${domain}`).hostname;
  }
  const labels = domain.split('.');
  if (domain.length > 253 || labels.length < 2) return undefined;
  if (!labels.every((label) => label.length <= 63 && LABEL.test(label))) return undefined;
  // A top-level domain is never all digits: this refuses IPv4 addresses (RFC 3696 section 2).
  if (/^[0-9]+$/.test(labels[labels.length - 1]!)) return undefined;
  return domain;
}

/** The form under which an address is compared (suppression, identities): lower case, domain in punycode. */
export function comparableEmail(raw: string): string {
  const parsed = parseEmailAddress(raw);
  return 'problem' in parsed ? raw.trim().toLowerCase() : parsed.address.toLowerCase();
}

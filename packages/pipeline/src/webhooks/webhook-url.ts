import { isPublicHost } from '@outrigger/egress';

const PORTS = ['', '443', '8443'];

/**
 * Why a webhook may not have this address, or undefined. Names are resolved when they are called, not here; `allowInsecure` is
 * for development and takes http and every address.
 */
export function webhookUrlProblem(text: string, allowInsecure: boolean): string | undefined {
  if (!URL.canParse(text)) return 'is no address; give the whole of it: https://…';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must not hold credentials; use authentication or headers';
  if (url.hash !== '') return 'must not have a fragment';
  if (allowInsecure) return /^https?:$/.test(url.protocol) ? undefined : 'must begin with https://';
  if (url.protocol !== 'https:') return 'must begin with https://';
  if (!PORTS.includes(url.port)) return 'must have port 443 or 8443';
  if (!isPublicHost(url.hostname)) {
    return 'must be one that the internet can reach: private addresses are not called';
  }
  return undefined;
}

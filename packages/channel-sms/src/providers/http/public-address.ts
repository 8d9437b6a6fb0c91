import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that nobody outside has (reliability W03, W04): private, shared and link-local ones, the machine itself, networks for
 * documentation and tests, multicast. Of IPv6 only 2000::/3 is public, and what wraps an IPv4 address in it is not believed.
 */
const INSIDE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INSIDE.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const)
  INSIDE.addSubnet(network, bits, 'ipv6');
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !INSIDE.check(address, 'ipv4');
  return family === 6 && GLOBAL.check(address, 'ipv6') && !INSIDE.check(address, 'ipv6');
}

/** What can be said of a host by its name alone. An address in a URL is never looked up, so it is judged here. */
export function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return isPublicAddress(host);
  return !/(^|\.)(localhost|internal|local)\.?$/i.test(host) && host.includes('.');
}

/** Looks a name up and refuses what lies inside, for the very connection that is made: a name may point elsewhere by now (W07). */
export const lookupPublic: LookupFunction = (hostname, options, done) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, []);
    const outside = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = outside;
    if (!first) {
      const refused = Object.assign(new Error(`${hostname} is inside our own network`), { code: 'EPRIVATE' });
      return done(refused, []);
    }
    return options.all ? done(null, outside) : done(null, first.address, first.family);
  });
};

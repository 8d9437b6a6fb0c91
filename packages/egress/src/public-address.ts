import { type LookupAddress, type LookupAllOptions, lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/*
 * Addresses that are not of the internet: this machine, private and shared networks, link-local (the metadata of clouds among
 * them), documentation, multicast, reserved (IANA special-purpose registries; RFC 6890).
 */
const REFUSED = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  REFUSED.addSubnet(network, prefix, 'ipv4');
}
// What carries an IPv4 address inside it (Teredo, 6to4) could name any of the above.
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  REFUSED.addSubnet(network, prefix, 'ipv6');
}
/** Of IPv6, only what is given out to the internet at all (RFC 4291 2.4); mapped and translated addresses are outside of it. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

/** Whether the internet can reach this address; false for what is no address. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !REFUSED.check(address, 'ipv4');
  if (version === 6) return GLOBAL.check(address, 'ipv6') && !REFUSED.check(address, 'ipv6');
  return false;
}

type ResolveName = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves names for the very sockets that will be used, and refuses one when any of its addresses is not public: a name that
 * is public when it is checked and private when it is called gains nothing (DNS rebinding; reliability W07).
 */
export function createPublicLookup(resolve: ResolveName = resolveName): LookupFunction {
  return function lookupPublic(hostname, options, callback) {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      if (addresses.length === 0 || addresses.some(({ address }) => !isPublicAddress(address))) {
        const refused = Object.assign(new Error(`${hostname} leads to an address that is not public`), {
          code: 'EPRIVATE',
        });
        return callback(refused, '');
      }
      if (options.all) return callback(null, addresses);
      return callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

export const lookupPublic = createPublicLookup();

/** What can be said of a host by its name alone. An address in a URL is never looked up, so it is judged here. */
export function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return isPublicAddress(host);
  return host.includes('.') && !/(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(host);
}

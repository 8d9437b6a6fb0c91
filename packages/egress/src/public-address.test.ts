import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPublicLookup, isPublicAddress, isPublicHost } from './public-address.ts';

const INSIDE = [
  ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.9.9.9', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
  ...['192.0.0.8', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1'],
  ...[
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:7f00:1',
    '::ffff:169.254.169.254',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
  ],
  ...[
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '3fff::1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
  ],
  ...['localhost', '', '1.2.3', '0x7f.1'],
];
const OUTSIDE = [
  '8.8.8.8',
  '1.1.1.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '2606:4700::1111',
  '2a00:1450::1',
];

describe('addresses that we may be led to (F093)', () => {
  for (const address of INSIDE) {
    test(`${address || 'nothing'} is not public`, () => assert.equal(isPublicAddress(address), false));
  }
  for (const address of OUTSIDE) {
    test(`${address} is public`, () => assert.equal(isPublicAddress(address), true));
  }

  test('a name that leads inside is refused when it is resolved for the socket', async () => {
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => createPublicLookup()('localhost', { all }, resolve));
      assert.equal((error as { code: string }).code, 'EPRIVATE');
    }
  });

  test('one private address among public ones is enough to refuse a name', async () => {
    const found = ['8.8.8.8', '10.0.0.1'].map((address) => ({ address, family: 4 }));
    const lookup = createPublicLookup((_name, _options, done) => done(null, found));
    const error = await new Promise((resolve) => lookup('hooks.shop.example', { all: true }, resolve));
    assert.equal((error as { code: string }).code, 'EPRIVATE');
  });

  test('a host is judged by its name as far as that says anything', () => {
    const hosts = ['a.example', '8.8.8.8', 'a', 'x.local', 'db.internal.', 'localhost', '[::1]', '127.0.0.1'];
    assert.deepEqual(hosts.map(isPublicHost), [true, true, false, false, false, false, false, false]);
  });
});

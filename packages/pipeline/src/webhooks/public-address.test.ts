import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPoster } from './post.ts';
import { createPublicLookup, isPublicAddress } from './public-address.ts';
import { webhookUrlProblem } from './webhook-url.ts';

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

describe('addresses that a webhook may lead to (F093)', () => {
  for (const address of INSIDE) {
    test(`${address || 'nothing'} is not public`, () => assert.equal(isPublicAddress(address), false));
  }
  for (const address of OUTSIDE) {
    test(`${address} is public`, () => assert.equal(isPublicAddress(address), true));
  }

  test('a name that leads inside is refused when it is resolved for the socket', async () => {
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => createPublicLookup()('localhost', { all }, resolve));
      assert.equal((error as { code: string }).code, 'EADDRESSREFUSED');
    }
  });

  test('a name that was public and is private when it is called is not called (DNS rebinding)', async () => {
    const answers = ['8.8.8.8', '169.254.169.254'];
    const lookup = createPublicLookup((_name, _options, done) =>
      done(null, [{ address: answers.shift()!, family: 4 }]),
    );
    const first = await new Promise((resolve) => lookup('hooks.shop.example', {}, (...found) => resolve(found)));
    assert.deepEqual(first, [null, '8.8.8.8', 4]);
    const poster = createPoster({ allowInsecure: false, timeoutMs: 1_000, lookup });
    assert.deepEqual(await poster.post('https://hooks.shop.example/', {}, '{}'), { problem: 'EADDRESSREFUSED' });
    assert.deepEqual(answers, []);
    poster.close();
  });

  test('one private address among public ones is enough to refuse a name', async () => {
    const found = ['8.8.8.8', '10.0.0.1'].map((address) => ({ address, family: 4 }));
    const lookup = createPublicLookup((_name, _options, done) => done(null, found));
    const error = await new Promise((resolve) => lookup('hooks.shop.example', { all: true }, resolve));
    assert.equal((error as { code: string }).code, 'EADDRESSREFUSED');
  });

  test('an address is checked when it is set, whatever it is dressed in', () => {
    const refused = [
      ...['http://hooks.shop.example/', 'ftp://hooks.shop.example/', 'file:///etc/passwd', 'javascript:alert(1)'],
      ...[
        'https://127.0.0.1/',
        'https://2130706433/',
        'https://0x7f000001/',
        'https://017700000001/',
        'https://127.1/',
      ],
      ...[
        'https://[::1]/',
        'https://[::ffff:a9fe:a9fe]/',
        'https://localhost/',
        'https://localhost./',
        'https://db.internal/',
      ],
      ...[
        'https://hooks.shop.example:22/',
        'https://hooks.shop.example:6379/',
        'https://user:pass@hooks.shop.example/',
      ],
      ...['https://hooks.shop.example/#x', 'hooks.shop.example', ''],
    ];
    for (const url of refused) assert.ok(webhookUrlProblem(url, false), url);
    for (const url of ['https://hooks.shop.example/a?b=c', 'https://hooks.shop.example:8443/', 'https://8.8.8.8/']) {
      assert.equal(webhookUrlProblem(url, false), undefined, url);
    }
    assert.equal(webhookUrlProblem('http://127.0.0.1:9000/', true), undefined);
    assert.ok(webhookUrlProblem('ftp://127.0.0.1/', true));
  });
});

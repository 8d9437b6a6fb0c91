import assert from 'node:assert/strict';
import { createHmac, createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, describe, test } from 'node:test';
import { createIssuerKeys } from './token-keys.ts';
import { createTokenVerifier, type TokenSettings } from './token-verifier.ts';

const good = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const next = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const attacker = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' });

/** The issuer on a socket: it counts what it is asked, and can be away. */
let keys = [jwk(good.publicKey, 'k1')];
let asked: string[] = [];
let away = false;
const issuer = createServer((req, res) => {
  asked.push(req.url ?? '');
  if (away) req.socket.destroy();
  else res.end(JSON.stringify({ keys }));
}).listen(0, '127.0.0.1');
await once(issuer, 'listening');
const base = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
after(() => {
  issuer.close();
  issuer.closeAllConnections();
});
beforeEach(() => {
  keys = [jwk(good.publicKey, 'k1')];
  asked = [];
  away = false;
});

const settings: TokenSettings = {
  issuer: 'https://issuer.example',
  audience: 'outrigger',
  jwksUrl: `${base}/jwks`,
  algorithms: ['RS256', 'ES256'],
  claims: { client: 'client_id', org: 'org', sandboxes: 'sandboxes', scopes: 'scope' },
};
const seconds = () => Math.floor(Date.now() / 1_000);
const claims = (changes: object = {}) => ({
  iss: 'https://issuer.example',
  aud: 'outrigger',
  iat: seconds(),
  exp: seconds() + 300,
  client_id: 'backend',
  org: 'org-1',
  sandboxes: ['prod', 'dev'],
  scope: 'execute read unknown',
  ...changes,
});
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(
  payload: object = claims(),
  header: object = { alg: 'RS256', kid: 'k1' },
  key = good.privateKey,
): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${createSign('RSA-SHA256').update(input).sign(key).toString('base64url')}`;
}

describe('a token of the issuer (S01)', () => {
  test('says who calls, for which sandboxes, with which scopes', async () => {
    const verify = createTokenVerifier(settings);
    const expected = {
      clientId: 'backend',
      orgId: 'org-1',
      sandboxNames: ['prod', 'dev'],
      scopes: ['execute', 'read'],
    };
    assert.deepEqual(await verify(token()), expected);
    const spaced = await verify(token(claims({ sandboxes: 'prod dev', scope: ['read', 'execute'] })));
    assert.deepEqual(spaced, expected);
    assert.deepEqual(asked, ['/jwks']);
  });

  test('claims have the names that the configuration gives them', async () => {
    const named = { client: 'azp', org: 'tenant', sandboxes: 'spaces', scopes: 'roles' };
    const verify = createTokenVerifier({ ...settings, claims: named });
    assert.equal(await verify(token()), 'refused');
    const grant = await verify(token(claims({ azp: 'a', tenant: 'o', spaces: ['s'], roles: ['manage'] })));
    assert.deepEqual(grant, { clientId: 'a', orgId: 'o', sandboxNames: ['s'], scopes: ['manage'] });
  });
});

describe('hostile tokens are refused', () => {
  const publicPem = good.publicKey.export({ type: 'spki', format: 'pem' });
  const hs256 = (key: string | Buffer) => {
    const input = `${part({ alg: 'HS256', kid: 'k1' })}.${part(claims())}`;
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  };
  const [head, , signature] = token().split('.');
  const rows: [string, string | (() => string)][] = [
    ['A04 alg none', `${part({ alg: 'none' })}.${part(claims())}.`],
    ['A04 alg NoNe with a signature', () => token(claims(), { alg: 'NoNe', kid: 'k1' })],
    ['A05 HS256 with our public key', hs256(publicPem)],
    ['A05 HS256 with the public key as JWK', hs256(JSON.stringify(keys[0]))],
    ['an algorithm that is not pinned', () => token(claims(), { alg: 'RS512', kid: 'k1' })],
    ['A07 no exp', () => token(claims({ exp: undefined }))],
    ['A07 exp as text', () => token(claims({ exp: String(seconds() + 300) }))],
    ['expired over the leeway', () => token(claims({ exp: seconds() - 60 }))],
    ['no iat', () => token(claims({ iat: undefined }))],
    ['A08 nbf an hour ahead', () => token(claims({ nbf: seconds() + 3_600 }))],
    ['A08 iat an hour ahead', () => token(claims({ iat: seconds() + 3_600 }))],
    ['older than a day', () => token(claims({ iat: seconds() - 90_000 }))],
    ['another issuer', () => token(claims({ iss: 'https://evil.example' }))],
    ['another audience', () => token(claims({ aud: 'others' }))],
    ['A11 kid that is a path', () => token(claims(), { alg: 'RS256', kid: '../../etc/passwd' }, attacker.privateKey)],
    ['A11 jku', () => token(claims(), { alg: 'RS256', kid: 'x', jku: `${base}/evil` }, attacker.privateKey)],
    ['A11 x5u', () => token(claims(), { alg: 'RS256', kid: 'x', x5u: `${base}/evil` }, attacker.privateKey)],
    [
      'A11 own key inside',
      () => token(claims(), { alg: 'RS256', jwk: jwk(attacker.publicKey, 'k1') }, attacker.privateKey),
    ],
    ['crit that we do not know', () => token(claims(), { alg: 'RS256', kid: 'k1', crit: ['x'], x: 1 })],
    ['A13 another payload under the signature', `${head}.${part(claims({ org: 'org-2' }))}.${signature}`],
    ['A14 five parts', 'a.b.c.d.e'],
    ['A14 four parts', `${token()}.x`],
    ['no client', () => token(claims({ client_id: undefined }))],
    ['no organisation', () => token(claims({ org: { id: 'org-1' } }))],
    ['no JSON', 'e30.bm9wZQ.x'],
  ];
  for (const [name, hostile] of rows) {
    test(name, async () => {
      const verify = createTokenVerifier(settings);
      assert.equal(await verify(typeof hostile === 'string' ? hostile : hostile()), 'refused');
      assert.ok(
        asked.every((url) => url === '/jwks'),
        `asked ${asked}`,
      );
    });
  }

  test('a little off the clock is not hostile: 30 seconds of leeway', async () => {
    const verify = createTokenVerifier(settings);
    assert.equal(typeof (await verify(token(claims({ exp: seconds() - 20, iat: seconds() - 100 })))), 'object');
  });

  test('A10 a thousand unknown key ids make one request', async () => {
    const verify = createTokenVerifier(settings);
    await verify(token());
    const flood = Array.from({ length: 1_000 }, () =>
      verify(token(claims(), { alg: 'RS256', kid: randomUUID() }, attacker.privateKey)),
    );
    assert.ok((await Promise.all(flood)).every((answer) => answer === 'refused'));
    assert.equal(asked.length, 1, 'the first, and none within the cooldown');
  });
});

describe('the keys of the issuer', () => {
  test('the last good set is kept while the issuer is away; a new key is found once the cooldown is over', async () => {
    let now = 0;
    const find = createIssuerKeys(settings.jwksUrl, () => now);
    const wanted = async (kid: string) => find({ alg: 'RS256', kid }, { payload: '', signature: '' });
    await wanted('k1');
    away = true;
    now += 3_600_000;
    await wanted('k1');
    // Joins the request that is under way, so that it has failed before the issuer is back.
    await assert.rejects(async () => wanted('nobody'));
    keys = [jwk(next.publicKey, 'k2')];
    away = false;
    await assert.rejects(async () => wanted('k2'));
    now += 31_000;
    assert.ok(await wanted('k2'));
  });

  test('never had, they leave nothing to say about a token, and are asked for again after the cooldown', async () => {
    away = true;
    const verify = createTokenVerifier(settings);
    assert.equal(await verify(token()), 'issuer_away');
    assert.equal(await verify(token()), 'issuer_away');
    assert.equal(asked.length, 1);
  });

  test('an answer that is no key set is no news', async () => {
    const verify = createTokenVerifier({ ...settings, jwksUrl: `${base}/jwks` });
    keys = { nonsense: true } as never;
    assert.equal(await verify(token()), 'issuer_away');
  });
});

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { postHeaders, signatureOf } from '../../packages/pipeline/src/webhooks/sign.ts';

type Verify = (headers: Record<string, string>, body: string, secret: string, nowSeconds?: number) => boolean;

const NOW_MS = Date.UTC(2026, 10, 28, 7);
const NOW = NOW_MS / 1_000;
const BODY = '{"requestId":"order-4711"}';
const ID = '018f3b7e-0000-7000-8000-000000000001:bounced:hard';

/** The code that docs/webhooks.md gives to whoever receives. */
async function documented(): Promise<Verify> {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'webhooks.md'), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(page)![1]!;
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return module.isFromOutrigger;
}

const signer = (authentication: 'none' | 'hmac' | 'jwt', secret: string | null) => ({
  ...{ authentication, secret, headers: { 'x-shop': 'blue' }, orgId: 'demo-org', sandboxName: 'dev' },
});

describe('a receiver can tell that a post is ours (F093)', () => {
  let isFromOutrigger: Verify;
  before(async () => {
    isFromOutrigger = await documented();
  });

  for (const secret of ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'a-plain-text-that-is-long-enough-for-it']) {
    test(`by the code of the documentation, with the secret ${secret.slice(0, 8)}…`, async () => {
      const headers = await postHeaders(signer('hmac', secret), ID, BODY, NOW_MS);
      assert.equal(isFromOutrigger(headers, BODY, secret, NOW), true);
      assert.equal(isFromOutrigger(headers, BODY, secret, NOW + 299), true);
      assert.equal(isFromOutrigger(headers, BODY, secret, NOW + 360), false, 'a replay after six minutes');
      assert.equal(isFromOutrigger(headers, BODY, secret, NOW - 360), false);
      assert.equal(isFromOutrigger(headers, BODY.replace('4711', '4712'), secret, NOW), false, 'one byte altered');
      assert.equal(isFromOutrigger({ ...headers, 'webhook-id': `${ID}x` }, BODY, secret, NOW), false, 'another id');
      const older = { ...headers, 'webhook-signature': headers['webhook-signature']!.replace('v1,', 'v0,') };
      assert.equal(isFromOutrigger(older, BODY, secret, NOW), false);
      assert.equal(isFromOutrigger({}, BODY, secret, NOW), false);
      assert.equal(isFromOutrigger(headers, BODY, `${secret}-of-another`, NOW), false);
    });
  }

  test('as Standard Webhooks has it: the example of its libraries', () => {
    const signature = signatureOf(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    );
    assert.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('by a JWT, beside the signature', async () => {
    const secret = 'a-plain-text-that-is-long-enough-for-it';
    const headers = await postHeaders(signer('jwt', secret), ID, BODY, Date.now());
    const token = headers.authorization!.replace(/^Bearer /, '');
    const [head, claims, signature] = token.split('.') as [string, string, string];
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    assert.equal(signature, createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url'));
    assert.equal(decoded(head).alg, 'HS256');
    const payload = decoded(claims);
    assert.equal(payload.iss, 'outrigger');
    assert.deepEqual([payload.sub, payload.jti], ['demo-org/dev', ID]);
    assert.equal(payload.exp - payload.iat, 300);
    assert.equal(isFromOutrigger(headers, BODY, secret), true);
  });

  test('without authentication there is an id, and nothing that looks like a proof', async () => {
    const headers = await postHeaders(signer('none', null), ID, BODY, NOW_MS);
    assert.equal(headers['x-webhook-id'], ID);
    assert.deepEqual([headers['webhook-signature'], headers.authorization], [undefined, undefined]);
    assert.equal(headers['x-shop'], 'blue');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureTenant, insertApiKey, type Pool, revokeKey, rotateKey } from '@outrigger/store';
import { createTestCaller, openTestLedger, type TestCaller, waitFor } from '@outrigger/testkit';
import { createAuthenticator, hashSecret } from '../src/authenticate.ts';

const { pool } = await openTestLedger();

/** An authenticator, and how many statements it has asked of the ledger. */
function start() {
  let statements = 0;
  const query: Pool['query'] = ((...args: Parameters<Pool['query']>) => {
    statements++;
    return pool.query(...args);
  }) as Pool['query'];
  const authenticate = createAuthenticator({ query } as Pool);
  const ask = async (headers: TestCaller['headers']) => {
    const answer = await authenticate(headers, 'execute');
    return 'refusal' in answer ? answer.refusal.code : 'welcome';
  };
  return { ask, statements: () => statements };
}

const strange = (number: number, caller: TestCaller) => ({ ...caller.headers, 'x-api-key': `strange-${number}` });

test('a key works from the moment that it is there, whoever asked with which other key just before', async () => {
  const { ask } = start();
  const first = await createTestCaller(pool, hashSecret);
  assert.equal(await ask(first.headers), 'welcome');
  for (let round = 0; round < 10; round++) {
    assert.equal(await ask(strange(round, first)), 'MSG-000401');
    const fresh = await createTestCaller(pool, hashSecret);
    assert.equal(await ask(fresh.headers), 'welcome', `round ${round}`);
  }
});

test('it works even for who asked with its id before it was there', async () => {
  const { ask } = start();
  const { tenant, headers, secret } = await createTestCaller(pool, hashSecret);
  const early = { ...headers, 'x-api-key': 'early' };
  assert.equal(await ask(early), 'MSG-000401');
  const key = { keyId: 'early', name: 'early', orgId: tenant.orgId, sandboxNames: ['prod', 'new'] };
  await insertApiKey(pool, { ...key, secretHash: hashSecret(secret), scopes: ['execute'] });
  assert.equal(await ask(early), 'welcome');
  assert.equal(await ask({ ...early, 'x-sandbox-name': 'new' }), 'MSG-000403');
  await ensureTenant(pool, tenant.orgId, 'new');
  assert.equal(await ask({ ...early, 'x-sandbox-name': 'new' }), 'welcome', 'a sandbox that was made since');
});

test('a new secret works at once, and a wrong one never', async () => {
  const { ask } = start();
  const { keyId, headers } = await createTestCaller(pool, hashSecret);
  assert.equal(await ask(headers), 'welcome');
  await rotateKey(pool, keyId, hashSecret('second'), new Date(Date.now() + 60_000), 'test');
  assert.equal(await ask({ ...headers, authorization: 'Bearer second' }), 'welcome');
  assert.equal(await ask(headers), 'welcome', 'the one before, for a while');
  assert.equal(await ask({ ...headers, authorization: 'Bearer third' }), 'MSG-000401');
  await revokeKey(pool, keyId, 'test');
  assert.equal(await ask({ ...headers, authorization: 'Bearer third' }), 'MSG-000401');
  await waitFor('the revocation', async () => (await ask(headers)) === 'MSG-000401', 10_000);
});

test('a flood of wrong keys costs the ledger a few small looks, and a known key none', async (t) => {
  const { ask, statements } = start();
  const known = await createTestCaller(pool, hashSecret);
  assert.equal(await ask(known.headers), 'welcome');
  const before = statements();
  const startedAt = performance.now();
  const FLOOD = 20_000;
  const answers = await Promise.all(
    Array.from({ length: FLOOD }, (_, number) =>
      ask(number % 2 === 0 ? strange(number, known) : { ...known.headers, authorization: `Bearer wrong-${number}` }),
    ),
  );
  const tookMs = performance.now() - startedAt;
  assert.ok(answers.every((code) => code === 'MSG-000401'));
  const looks = statements() - before;
  t.diagnostic(`${FLOOD} wrong keys: ${looks} statements, ${Math.round((tookMs * 1_000) / FLOOD)} us each in all`);
  // A look carries up to 500 of them; the two statements of a refresh may come in between.
  assert.ok(looks <= FLOOD / 500 + 4, `${looks} statements`);
  const tooLong = { ...known.headers, 'x-api-key': 'k'.repeat(1_000) };
  const after = statements();
  assert.equal(await ask(tooLong), 'MSG-000401');
  assert.ok(statements() - after <= 2, 'what cannot be an id is not looked for');
  assert.equal(await ask(known.headers), 'welcome');
});

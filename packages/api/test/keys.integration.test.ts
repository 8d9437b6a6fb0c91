import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { waitFor } from '@outrigger/testkit';
import { startTestControl } from './control.ts';

const control = await startTestControl();
const BASE = '/journey/campaigns/service';
const operator = await control.newCaller({ scopes: ['read', 'operate'] });
const as = { as: operator };

function callerOf(key: { keyId: string; orgId: string }, secret: string, sandboxName: string) {
  const headers = { ...operator.headers, authorization: `Bearer ${secret}`, 'x-api-key': key.keyId };
  return { ...operator, headers: { ...headers, 'x-gw-ims-org-id': key.orgId, 'x-sandbox-name': sandboxName } };
}
const statusAs = async (caller: typeof operator) =>
  (await control.call('GET', `${BASE}/backlog`, undefined, { as: caller })).status;

describe('keys and sandboxes (spec 6.1)', () => {
  test('a key of several sandboxes works in each of them, and nowhere else', async () => {
    for (const sandboxName of ['prod', 'stage', 'lab']) {
      await control.call('POST', `${BASE}/operations/tenants`, { orgId: 'acme', sandboxName }, as);
    }
    const created = await control.call(
      'POST',
      `${BASE}/operations/keys`,
      { name: 'backend', orgId: 'acme', sandboxNames: ['prod', 'stage'], scopes: ['read'] },
      as,
    );
    assert.equal(created.status, 201);
    const { secret, ...key } = created.body;
    assert.match(secret, /^ors_[\w-]{43}$/);
    assert.equal(await statusAs(callerOf(key, secret, 'prod')), 200, 'at once');
    assert.equal(await statusAs(callerOf(key, secret, 'stage')), 200);
    assert.equal(await statusAs(callerOf(key, secret, 'lab')), 403);
    assert.equal(await statusAs(callerOf({ ...key, orgId: operator.tenant.orgId }, secret, 'prod')), 403);
    const list = await control.call('GET', `${BASE}/operations/keys?orgId=acme`, undefined, as);
    assert.deepEqual(list.body.data, [key]);
    assert.ok(!list.text.includes(secret));
    const { rows } = await control.pool.query('SELECT api_keys::text AS dump FROM api_keys');
    assert.ok(
      rows.every(({ dump }) => !dump.includes(secret)),
      'no usable secret is stored (S02)',
    );
  });

  test('a rotated key takes both secrets for a while, or the new one alone; a revoked one takes none (A17)', async () => {
    const wanted = { name: 'r', orgId: 'acme', sandboxNames: ['prod'], scopes: ['read'] };
    const { secret: first, ...key } = (await control.call('POST', `${BASE}/operations/keys`, wanted, as)).body;
    const path = `${BASE}/operations/keys/${key.keyId}`;
    const second = (await control.call('POST', `${path}/rotate`, { graceSeconds: 600 }, as)).body;
    assert.ok(second.previousUntil !== null);
    for (const secret of [first, second.secret]) {
      assert.equal(await statusAs(callerOf(key, secret, 'prod')), 200, 'both work at once');
    }
    const third = (await control.call('POST', `${path}/rotate`, {}, as)).body;
    assert.equal(await statusAs(callerOf(key, third.secret, 'prod')), 200, 'the newest works at once');
    await waitFor('the old ones to stop', async () =>
      (await statusAs(callerOf(key, second.secret, 'prod'))) === 401 ? true : undefined,
    );
    assert.equal(await statusAs(callerOf(key, first, 'prod')), 401);
    assert.equal(await statusAs(callerOf(key, third.secret, 'prod')), 200);
    const revoked = await control.call('DELETE', path, undefined, as);
    assert.ok(revoked.body.revokedAt !== null);
    await waitFor('the key to stop', async () =>
      (await statusAs(callerOf(key, third.secret, 'prod'))) === 401 ? true : undefined,
    );
    assert.match((await control.call('POST', `${path}/rotate`, {}, as)).body.type, /KEY-000001-404$/);
    assert.equal((await control.call('DELETE', path, undefined, as)).status, 404);
    const audit = await control.call('GET', `${BASE}/operations/audit`, undefined, as);
    const actions = audit.body.data.filter((one: { target: string }) => one.target === key.keyId);
    assert.deepEqual(
      actions.map((one: { action: string }) => one.action),
      ['key.revoke', 'key.rotate', 'key.rotate', 'key.create'],
    );
  });

  test('what is wrong is refused, and only an operator may', async () => {
    const wanted = { name: 'x', orgId: 'acme', sandboxNames: ['prod', 'nowhere'], scopes: ['read'] };
    const missing = await control.call('POST', `${BASE}/operations/keys`, wanted, as);
    assert.match(missing.body.type, /KEY-000002-400$/);
    assert.equal(missing.body.report.additionalContext.sandboxName, 'nowhere');
    for (const change of [
      { scopes: ['admin'] },
      { sandboxNames: [] },
      { name: '' },
      { more: 1 },
      { expiresAt: 'soon' },
    ]) {
      const answer = await control.call(
        'POST',
        `${BASE}/operations/keys`,
        { ...wanted, sandboxNames: ['prod'], ...change },
        as,
      );
      assert.equal(answer.status, 400, JSON.stringify(change));
    }
    for (const [method, path, body] of [
      ['GET', '/operations/keys', undefined],
      ['POST', '/operations/keys', wanted],
      ['GET', '/operations/tenants', undefined],
      ['DELETE', '/operations/keys/x', undefined],
    ] as const) {
      assert.equal((await control.call(method, BASE + path, body)).status, 403, path);
    }
  });
});

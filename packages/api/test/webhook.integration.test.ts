import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startTestControl } from './control.ts';

const control = await startTestControl();
const PATH = '/journey/campaigns/service/settings/webhook';
const SECRET = 'a secret of at least thirty-two characters'.replaceAll(' ', '-');
const WANTED = { name: 'Shop', url: 'https://hooks.shop.example/outrigger', channels: ['email', 'sms'] };

const codeOf = (answer: { body: { type?: string } }) => answer.body.type?.split('/').at(-1);

describe('the webhook of a sandbox (F093)', () => {
  test('is made once, read, replaced and removed, and never shows what is secret', async () => {
    const as = await control.newCaller();
    assert.equal(codeOf(await control.call('GET', PATH, undefined, { as })), 'WHK-000001-404');
    assert.equal(codeOf(await control.call('PUT', PATH, WANTED, { as })), 'WHK-000001-404');
    const headers = { 'X-Shop': 'value-of-a-header', Authorization: 'Basic dmFsdWU6b2Y=' };
    const authentication = { type: 'hmac', secret: SECRET };
    const created = await control.call('POST', PATH, { ...WANTED, authentication, headers }, { as });
    assert.equal(created.status, 201, created.text);
    assert.deepEqual(
      created.body.events,
      ['sent', 'delivered', 'bounce', 'error'],
      'what is on unless asked otherwise',
    );
    assert.deepEqual(created.body.headerNames, ['X-Shop', 'Authorization']);
    const again = await control.call('POST', PATH, WANTED, { as });
    assert.equal(codeOf(again), 'WHK-000002-409', 'a second one is refused');
    const read = await control.call('GET', PATH, undefined, { as });
    assert.deepEqual(read.body, created.body);
    const replaced = await control.call(
      'PUT',
      PATH,
      { ...WANTED, name: 'Other', events: ['exclude'], authentication: { type: 'hmac' } },
      { as },
    );
    assert.deepEqual([replaced.status, replaced.body.name, replaced.body.events], [200, 'Other', ['exclude']]);
    assert.deepEqual(replaced.body.headerNames, ['X-Shop', 'Authorization'], 'kept when they are left out');
    const { rows } = await control.pool.query('SELECT secret, headers FROM webhooks WHERE tenant_id = $1', [
      as.tenant.tenantId,
    ]);
    assert.deepEqual(rows, [{ secret: SECRET, headers }]);
    const audit = await control.call('GET', '/journey/campaigns/service/audit', undefined, { as });
    for (const { text } of [created, read, replaced, audit]) {
      for (const hidden of [SECRET, 'value-of-a-header', 'dmFsdWU6b2Y=']) assert.ok(!text.includes(hidden));
    }
    assert.equal((await control.call('DELETE', PATH, undefined, { as })).status, 204);
    assert.equal(codeOf(await control.call('DELETE', PATH, undefined, { as })), 'WHK-000001-404');
    assert.equal((await control.call('POST', PATH, WANTED, { as })).status, 201, 'and may be made again');
  });

  test('belongs to one sandbox', async () => {
    const [one, other] = [await control.newCaller(), await control.newCaller()];
    await control.call('POST', PATH, WANTED, { as: one });
    assert.equal((await control.call('GET', PATH, undefined, { as: other })).status, 404);
    assert.equal((await control.call('DELETE', PATH, undefined, { as: other })).status, 404);
    assert.equal((await control.call('GET', PATH, undefined, { as: one })).status, 200);
  });

  test('is changed by those who may manage alone', async () => {
    const reader = await control.newCaller({ scopes: ['read'] });
    assert.equal((await control.call('POST', PATH, WANTED, { as: reader })).status, 403);
  });

  test('shows what it was never told, page by page, and posts it again (F094)', async () => {
    const [as, other] = [await control.newCaller(), await control.newCaller()];
    await control.call('POST', PATH, WANTED, { as });
    const ids = Array.from({ length: 5 }, (_, place) => `018f3b7e-0000-7000-8000-00000000000${place}:1`);
    await control.pool.query(
      `INSERT INTO webhook_retries (tenant_id, event_id, attempts, due_at, problem, died_at)
       SELECT $1, i, 3, now(), 'answered 422', now() FROM unnest($2::text[]) i`,
      [as.tenant.tenantId, ids],
    );
    const found: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const page = await control.call('GET', `${PATH}/dead-letters?count=2${cursor}`, undefined, { as });
      assert.equal(page.body._page.totalCount, 5, page.text);
      found.push(...page.body.data.map((one: { eventId: string }) => one.eventId));
      next = page.body._page.next;
    }
    assert.deepEqual(found, ids);
    const replay = (body: object, by = as) => control.call('POST', `${PATH}/dead-letters/replay`, body, { as: by });
    assert.deepEqual((await replay({ all: true }, other)).body, { replayed: 0, remaining: 0 });
    assert.deepEqual((await replay({ eventIds: [ids[0]!, 'nothing'] })).body, { replayed: 1, remaining: 4 });
    assert.deepEqual((await replay({ all: true })).body, { replayed: 4, remaining: 0 });
    const { rows } = await control.pool.query(
      'SELECT attempts FROM webhook_retries WHERE tenant_id = $1 AND died_at IS NULL AND due_at <= now()',
      [as.tenant.tenantId],
    );
    assert.deepEqual(
      rows,
      ids.map(() => ({ attempts: 0 })),
    );
    for (const body of [{}, { all: true, eventIds: ids }, { eventIds: [] }]) {
      assert.equal(codeOf(await replay(body)), 'MSG-000009-400');
    }
    const bad = await control.call('GET', `${PATH}/dead-letters?cursor=x`, undefined, { as });
    assert.equal(codeOf(bad), 'MSG-000009-400');
  });

  const refusals: [string, Record<string, unknown>, string][] = [
    ['http', { url: 'http://hooks.shop.example/' }, 'WHK-000003-400'],
    ['a private address', { url: 'https://10.0.0.7/' }, 'WHK-000003-400'],
    ['the metadata of a cloud', { url: 'https://169.254.169.254/latest' }, 'WHK-000003-400'],
    ['another port', { url: 'https://hooks.shop.example:6379/' }, 'WHK-000003-400'],
    ['push', { channels: ['push'] }, 'MSG-000009-400'],
    ['no channel', { channels: [] }, 'MSG-000009-400'],
    ['an unknown event', { events: ['opened'] }, 'MSG-000009-400'],
    ['JWT without a secret', { authentication: { type: 'jwt' } }, 'WHK-000004-400'],
    ['a short secret', { authentication: { type: 'hmac', secret: 'short' } }, 'MSG-000009-400'],
    ['a line break in a header', { headers: { 'x-shop': 'a\r\nx-admin: 1' } }, 'MSG-000009-400'],
    ['a line break in the name of a header', { headers: { 'x-shop\r\nx': 'a' } }, 'MSG-000009-400'],
    ['Host', { headers: { Host: 'db.internal' } }, 'MSG-000009-400'],
    ['Content-Length', { headers: { 'content-length': '0' } }, 'MSG-000009-400'],
    ['a hop-by-hop header', { headers: { 'Transfer-Encoding': 'chunked' } }, 'MSG-000009-400'],
    ['our own header', { headers: { 'X-Webhook-Id': '1' } }, 'MSG-000009-400'],
    ['a header twice', { headers: { 'x-shop': '1', 'X-Shop': '2' } }, 'MSG-000009-400'],
    [
      'Authorization beside JWT',
      { authentication: { type: 'jwt', secret: SECRET }, headers: { authorization: 'x' } },
      'MSG-000009-400',
    ],
    ['a member that nobody knows', { retries: 3 }, 'MSG-000008-400'],
  ];
  for (const [what, change, code] of refusals) {
    test(`refuses ${what}`, async () => {
      const as = await control.newCaller();
      const answer = await control.call('POST', PATH, { ...WANTED, ...change }, { as });
      assert.equal(codeOf(answer), code, answer.text);
      assert.ok(!answer.text.includes(SECRET));
      assert.equal((await control.call('GET', PATH, undefined, { as })).status, 404);
    });
  }
});

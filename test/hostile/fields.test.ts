/** Well-formed JSON with wrong fields (reliability 4.3, and the rows of 4.4 that are decided at the door). */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { checkCall, createKnownProfiles, type LiveCampaign } from '@outrigger/pipeline';
import {
  call,
  createCampaign,
  type Endpoint,
  HIGH_THROUGHPUT,
  person,
  startHostileIngress,
  UNITARY,
} from './ingress.ts';

const ingress = await startHostileIngress();
const { pool, caller, campaignIds } = ingress;
const { tenantId } = caller.tenant;

const PATHS: Record<Endpoint, string> = { unitary: UNITARY, highthroughput: HIGH_THROUGHPUT };
const ENDPOINTS = Object.keys(PATHS) as Endpoint[];

type Row = [row: string, what: string, code: string, overrides: Record<string, unknown>];

/** The ids that the answer must echo: those that are texts, cut as the answer cuts them. */
function echoOf(body: Record<string, unknown>): Record<string, string> {
  const echo: Record<string, string> = {};
  for (const name of ['requestId', 'campaignId']) {
    if (typeof body[name] === 'string') echo[name] = body[name].slice(0, 200).replace(/\p{Cc}/gu, ' ');
  }
  return echo;
}

/** A request id that is refused is refused for its characters; one with NUL or a lone surrogate already as JSON. */
const CALL_ROWS: Row[] = [
  ['C01', 'no requestId', 'MSG-000001-400', { requestId: undefined }],
  ['C01', 'a requestId that is null', 'MSG-000001-400', { requestId: null }],
  ['C01', 'a requestId that is a number', 'MSG-000001-400', { requestId: 7 }],
  ['C01', 'a requestId that is an object', 'MSG-000001-400', { requestId: { $gt: '' } }],
  ['C01', 'an empty requestId', 'MSG-000009-400', { requestId: '' }],
  ['C01', 'a requestId of spaces', 'MSG-000009-400', { requestId: '   ' }],
  ['C02', 'a requestId of 256 characters', 'MSG-000009-400', { requestId: 'r'.repeat(256) }],
  ['C02', 'a requestId of 12 kB', 'MSG-000009-400', { requestId: 'r'.repeat(12_000) }],
  ['C04', 'a requestId with a line break', 'MSG-000009-400', { requestId: 'a\r\nb' }],
  ['C04', 'a requestId that ends with a line break', 'MSG-000009-400', { requestId: 'a\n' }],
  ['C04', 'a requestId with NUL', 'MSG-000009-400', { requestId: 'a\u0000b' }],
  ['C04', 'a requestId with an emoji', 'MSG-000009-400', { requestId: 'a\u{1f680}' }],
  ['C11', 'no campaignId', 'MSG-000001-400', { campaignId: undefined }],
  ['C11', 'a campaignId that is a number', 'MSG-000001-400', { campaignId: 7 }],
  ['C11', 'a campaignId of 10 kB', 'MSG-000009-400', { campaignId: 'c'.repeat(10_000) }],
  ['C11', 'an empty campaignId', 'MSG-000009-400', { campaignId: '' }],
  ['C11', 'SQL for a campaignId', 'MSG-000010-404', { campaignId: "'; drop table campaigns; --" }],
  ['C11', 'a campaignId with control characters', 'MSG-000010-404', { campaignId: '\u001b[31m\r\n' }],
  ['C11', 'an unknown campaign', 'MSG-000010-404', { campaignId: randomUUID() }],
  ['C11', 'a name of a built-in for a campaignId', 'MSG-000010-404', { campaignId: '__proto__' }],
  ['C17', 'no recipients', 'MSG-000001-400', { recipients: undefined }],
  ['C17', 'recipients that are null', 'MSG-000001-400', { recipients: null }],
  ['C17', 'recipients that are an object', 'MSG-000001-400', { recipients: {} }],
  ['C17', 'recipients that look like an array', 'MSG-000001-400', { recipients: { 0: person(), length: 1 } }],
  ['C17', 'an empty list of recipients', 'MSG-000002-400', { recipients: [] }],
  ['C17', '21 recipients', 'MSG-000002-400', { recipients: Array.from({ length: 21 }, () => person()) }],
  ['C19', 'a recipient that is null', 'MSG-000009-400', { recipients: [null] }],
  ['C19', 'a recipient that is a text', 'MSG-000009-400', { recipients: ['a@shop.example'] }],
  ['C19', 'a recipient that is an array', 'MSG-000009-400', { recipients: [[person()]] }],
  ['C25', 'one bad recipient among 20', 'MSG-000009-400', { recipients: twentyWith({ userId: '' }) }],
  ['C25', 'one of another namespace among 20', 'MSG-000005-400', { recipients: twentyWith({ namespace: 'phone' }) }],
  ['C25', 'a person twice among 20', 'MSG-000003-400', { recipients: twentyWith({ userId: 'p3@shop.example' }) }],
];

function twentyWith(last: Record<string, unknown>): unknown[] {
  return Array.from({ length: 20 }, (_, index) =>
    person({ userId: `p${index}@shop.example`, ...(index === 19 && last) }),
  );
}

const pushInfo = (overrides: Record<string, unknown>) => ({
  channelData: { pushInfo: { appID: 'app', platform: 'fcm', token: 'token', ...overrides } },
});

const RECIPIENT_ROWS: Row[] = [
  ['C20', 'no type', 'MSG-000004-400', { type: undefined }],
  ['C20', 'type AEP', 'MSG-000004-400', { type: 'AEP' }],
  ['C20', 'type both', 'MSG-000004-400', { type: 'both' }],
  ['C20', 'a type that is a list', 'MSG-000004-400', { type: ['external'] }],
  ['C20', 'a type named after a built-in', 'MSG-000004-400', { type: 'constructor' }],
  ['C22', 'no userId', 'MSG-000009-400', { userId: undefined }],
  ['C22', 'an empty userId', 'MSG-000009-400', { userId: '' }],
  ['C22', 'a userId of spaces', 'MSG-000009-400', { userId: ' \u00a0\u2003' }],
  ['C22', 'a userId of 321 characters', 'MSG-000009-400', { userId: 'u'.repeat(321) }],
  ['C22', 'a userId with NUL', 'MSG-000009-400', { userId: 'a\u0000b' }],
  ['C22', 'a userId with a line break', 'MSG-000009-400', { userId: 'a\nb' }],
  ['C22', 'a userId that is a list', 'MSG-000009-400', { userId: ['a@shop.example'] }],
  ['C22', 'no namespace', 'MSG-000009-400', { namespace: undefined }],
  ['C22', 'a namespace that is an object', 'MSG-000009-400', { namespace: { code: 'email' } }],
  ['C22', 'another namespace', 'MSG-000005-400', { namespace: 'phone' }],
  ['D02', 'an address with a header behind it', 'MSG-000009-400', email('b@example.com\r\nBcc: evil@evil.com')],
  ['D02', 'an address with a folded line', 'MSG-000009-400', email('b@example.com\n evil@evil.com')],
  ['D04', 'an address with NUL', 'MSG-000009-400', email('b\u0000@example.com')],
  ['D04', 'an address with an escape', 'MSG-000009-400', email('b\u001b@example.com')],
  ['D04', 'an address with a C1 control', 'MSG-000009-400', email('b\u0085@example.com')],
  ['D04', 'an address of 321 characters', 'MSG-000009-400', email(`${'b'.repeat(309)}@example.com`)],
  ['D04', 'an address that is a list', 'MSG-000009-400', email(['b@example.com', 'c@example.com'])],
  ['D04', 'a phone number with a line break', 'MSG-000009-400', { channelData: { mobilePhoneNumber: '+46\n7' } }],
  ['D14', 'an empty push token', 'MSG-000009-400', pushInfo({ token: '' })],
  ['D14', 'a push token of 10 kB', 'MSG-000009-400', pushInfo({ token: 't'.repeat(10_000) })],
  ['D14', 'a push token with a line break', 'MSG-000009-400', pushInfo({ token: 'a\nb' })],
  ['D14', 'platform windows', 'MSG-000009-400', pushInfo({ platform: 'windows' })],
  ['D14', 'channelData that is a list', 'MSG-000009-400', { channelData: [] }],
];

function email(emailAddress: unknown) {
  return { channelData: { emailAddress } };
}

for (const endpoint of ENDPOINTS) {
  const path = PATHS[endpoint];
  const refused = (code: string, body: Record<string, unknown>) =>
    ingress.refused(code, () => ingress.send({ path, body: JSON.stringify(body) }), echoOf(body));

  describe(`a call to ${endpoint} with wrong fields`, () => {
    for (const [row, what, code, overrides] of CALL_ROWS) {
      test(`${row}: ${what} is ${code}`, async () => {
        await refused(code, call(campaignIds[endpoint], overrides));
      });
    }
    for (const [row, what, code, overrides] of RECIPIENT_ROWS) {
      test(`${row}: ${what} is ${code}`, async () => {
        const answer = await refused(code, call(campaignIds[endpoint], { recipients: [person(), person(overrides)] }));
        if (row !== 'C22' || !what.includes('NUL')) assert.match(String(answer.body?.title), /recipients\[1\]|NUL/);
      });
    }

    test('C16: a marketing campaign is MSG-000014-400', async () => {
      const definition = { high_throughput: endpoint === 'highthroughput' };
      const campaignId = await createCampaign(pool, tenantId, { category: 'Marketing', definition });
      await refused('MSG-000014-400', call(campaignId));
    });

    test("the other endpoint's campaign is MSG-000013-400, naming the right path", async () => {
      const other = ENDPOINTS.find((name) => name !== endpoint)!;
      const answer = await refused('MSG-000013-400', call(campaignIds[other]));
      assert.match(String(answer.body?.title), new RegExp(PATHS[other]));
    });

    test('C05: requestIds that are names of built-ins are accepted', async () => {
      for (const requestId of ['constructor', '__proto__', 'toString', '"\\{}%00;--', '~'.repeat(255)]) {
        const body = JSON.stringify(call(campaignIds[endpoint], { requestId }));
        const answer = await ingress.accepted(1, () => ingress.send({ path, body }));
        assert.equal(answer.body?.requestId, requestId);
      }
    });

    test('C17: 20 recipients are accepted', async () => {
      const recipients = Array.from({ length: 20 }, () => person());
      const body = JSON.stringify(call(campaignIds[endpoint], { recipients }));
      await ingress.accepted(20, () => ingress.send({ path, body }));
    });

    test('C07: the same requestId with one context value changed is MSG-000030-409', async () => {
      const first = call(campaignIds[endpoint], { recipients: [person({ context: { a: { b: [1, 2] } } })] });
      const accepted = await ingress.accepted(1, () => ingress.send({ path, body: JSON.stringify(first) }));
      const changed = JSON.parse(JSON.stringify(first).replace('[1,2]', '[1,3]'));
      const answer = await refused('MSG-000030-409', changed);
      const report = answer.body?.report as { additionalContext: { executionId: string } };
      assert.equal(report.additionalContext.executionId, accepted.body?.executionId);
    });

    test('C07: a refused call does not use up its requestId', async () => {
      const good = call(campaignIds[endpoint]);
      await refused('MSG-000008-400', { ...good, extra: 1 });
      await ingress.accepted(1, () => ingress.send({ path, body: JSON.stringify(good) }));
    });

    test('C10: the same requestId is a new call once its key is no longer kept', async () => {
      const body = JSON.stringify(call(campaignIds[endpoint]));
      const send = () => ingress.send({ path: PATHS[endpoint], body });
      const first = await ingress.accepted(1, send);
      // As if the call had come three days earlier.
      await pool.query('UPDATE request_keys SET day = day - 3 WHERE execution_id = $1', [
        String(first.body?.executionId).replace(/^\w+-/, ''),
      ]);
      const second = await ingress.accepted(1, send);
      assert.notEqual(second.body?.executionId, first.body?.executionId);
      assert.equal(second.headers['idempotent-replayed'], undefined);
      assert.equal((await send()).body?.executionId, second.body?.executionId);
    });

    test('C08: the same call in another order and with spaces gets the first answer again', async () => {
      const recipient = person({ profile: { b: 1, a: [{ y: 1, x: 2 }] } });
      const first = call(campaignIds[endpoint], { recipients: [recipient] });
      const accepted = await ingress.accepted(1, () => ingress.send({ path, body: JSON.stringify(first) }));
      const reordered = Object.fromEntries(Object.entries({ ...first, recipients: [reverse(recipient)] }).reverse());
      const before = await messageCount();
      const again = await ingress.send({ path, body: JSON.stringify(reordered, undefined, 3) });
      assert.equal(again.status, 202, again.text);
      assert.equal(again.headers['idempotent-replayed'], 'true');
      assert.deepEqual(again.body, accepted.body);
      assert.equal(await messageCount(), before);
    });
  });
}

/** The same value with the members of each object the other way round. */
function reverse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverse);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, reverse(member)])
      .reverse(),
  );
}

async function messageCount(): Promise<number> {
  const { rows } = await pool.query('SELECT count(*)::int AS count FROM messages');
  return rows[0].count;
}

describe('a campaign that cannot be triggered', () => {
  const refused = (code: string, body: Record<string, unknown>) =>
    ingress.refused(code, () => ingress.send({ body: JSON.stringify(body) }), echoOf(body));

  for (const status of ['DRAFT', 'STOPPED', 'COMPLETED', 'ARCHIVED']) {
    test(`C13: ${status.toLowerCase()} is MSG-000011-400, and the title names the status`, async () => {
      const campaignId = await createCampaign(pool, tenantId, { status });
      const answer = await refused('MSG-000011-400', call(campaignId));
      assert.match(String(answer.body?.title), new RegExp(status.toLowerCase()));
    });
  }

  test("C13: a deleted campaign and another tenant's are the same MSG-000010-404", async () => {
    const { rows } = await pool.query(
      `INSERT INTO tenants (org_id, sandbox_name) VALUES ($1, 'prod') RETURNING tenant_id`,
      [randomUUID()],
    );
    const requestId = randomUUID();
    const foreign = await refused('MSG-000010-404', call(await createCampaign(pool, rows[0].tenant_id), { requestId }));
    const gone = await refused('MSG-000010-404', call(randomUUID(), { requestId }));
    assert.equal(foreign.body?.title, gone.body?.title);
  });

  for (const [what, definition] of [
    ['before its start', { start_at: new Date(Date.now() + 3_600_000).toISOString() }],
    ['after its end', { end_at: new Date(Date.now() - 1).toISOString() }],
  ] as const) {
    test(`C14: ${what} is MSG-000012-400`, async () => {
      await refused('MSG-000012-400', call(await createCampaign(pool, tenantId, { definition })));
    });
  }

  test('C14: a campaign is over at its end, not a millisecond before', async (context) => {
    const endAt = '2031-05-06T07:08:09.000Z';
    const definition = {
      category: 'transactional',
      high_throughput: false,
      end_at: endAt,
      identity_namespace: 'email',
    };
    const live = { versionId: 'v', definition: { ...definition, channel: 'email', lane_class: 'standard' } };
    const findCampaign = async () => live as unknown as LiveCampaign;
    const knowProfiles = createKnownProfiles(pool);
    const checked = call(randomUUID()) as unknown as Parameters<typeof checkCall>[3];
    for (const [now, over] of [
      [Date.parse(endAt) - 1, false],
      [Date.parse(endAt), true],
    ] as const) {
      context.mock.timers.enable({ apis: ['Date'], now });
      const result = await checkCall({ pool, findCampaign, knowProfiles }, tenantId, 'unitary', checked);
      context.mock.timers.reset();
      assert.equal('refusal' in result && result.refusal.code, over ? 'MSG-000012' : false);
    }
  });

  test('C20: aep recipients belong to unitary', async () => {
    const body = call(campaignIds.highthroughput, { recipients: [person({ type: 'aep' })] });
    const send = () => ingress.send({ path: HIGH_THROUGHPUT, body: JSON.stringify(body) });
    await ingress.refused('MSG-000004-400', send, echoOf(body));
  });

  test('C23: one unknown profile among external recipients refuses the whole call', async () => {
    const recipients = [person(), person({ type: 'aep' }), person()];
    const answer = await refused('MSG-000020-400', call(campaignIds.unitary, { recipients }));
    assert.match(String(answer.body?.title), /recipients\[1\]/);
  });
});

describe('what the door leaves to delivery', () => {
  const addresses = [
    'nobody',
    'a@',
    '@b',
    'a b@c.d',
    'a@[127.0.0.1]',
    'a@localhost',
    '<script>@x.example',
    "'@x.example",
  ];
  for (const emailAddress of addresses) {
    test(`D01: the address ${emailAddress} is accepted`, async () => {
      const body = JSON.stringify(call(campaignIds.unitary, { recipients: [person(email(emailAddress))] }));
      await ingress.accepted(1, () => ingress.send({ body }));
    });
  }
});

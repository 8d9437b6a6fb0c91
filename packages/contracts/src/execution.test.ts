import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '@outrigger/core';
import fc from 'fast-check';
import { MAX_CONTEXT_BYTES, parseTriggerCall } from './execution.ts';

const person = (overrides: JsonObject = {}): JsonObject => ({
  type: 'external',
  userId: 'a@shop.example',
  namespace: 'email',
  ...overrides,
});
const call = (overrides: Record<string, JsonValue | undefined> = {}): JsonValue =>
  JSON.parse(JSON.stringify({ requestId: 'r-1', campaignId: 'c-1', recipients: [person()], ...overrides }));
const parse = (body: JsonValue, endpoint: 'unitary' | 'highthroughput' = 'unitary') =>
  parseTriggerCall(endpoint, body, Buffer.byteLength(JSON.stringify(body)));

function refusalOf(body: JsonValue, endpoint: 'unitary' | 'highthroughput' = 'unitary') {
  const result = parse(body, endpoint);
  if (!('refusal' in result)) assert.fail(`accepted ${JSON.stringify(body).slice(0, 200)}`);
  return result.refusal;
}

test('a good call is returned as it was', () => {
  const full = person({
    channelData: {
      emailAddress: 'b@shop.example',
      mobilePhoneNumber: '+46701234567',
      pushInfo: { appID: 'app', platform: 'apnsSandbox', token: 't' },
    },
    profile: { person: { name: 'Åsa' } },
    context: { list: [1, null, { deep: [] }] },
  });
  const body = call({ recipients: [full] });
  assert.deepEqual(parse(body), { call: body });
  assert.deepEqual(parse(body, 'highthroughput'), { call: body });
});

test('a body that is no object is MSG-000001', () => {
  for (const body of [null, [], 'x', 1, true] as JsonValue[]) {
    assert.equal(refusalOf(body).code, 'MSG-000001');
    assert.deepEqual(refusalOf(body).context, {});
  }
});

test('a required member that is missing or has another type is MSG-000001 and named', () => {
  for (const name of ['requestId', 'campaignId', 'recipients']) {
    for (const value of [undefined, null, 7, {}, true]) {
      const refusal = refusalOf(call({ [name]: value }));
      assert.equal(refusal.code, 'MSG-000001');
      assert.match(refusal.title, new RegExp(`^${name} is required and must be (a string|an array)\\.$`));
    }
  }
});

test('a requestId is 1 to 255 visible ASCII characters', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((unit) => String.fromCharCode(unit)),
    minLength: 1,
    maxLength: 255,
  });
  fc.assert(fc.property(visible, (requestId) => assert.ok('call' in parse(call({ requestId })))));
  const bad = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 300 })
    .filter((text) => !/^[!-~]{1,255}$/.test(text));
  fc.assert(fc.property(bad, (requestId) => assert.equal(refusalOf(call({ requestId })).code, 'MSG-000009')));
  assert.equal(refusalOf(call({ requestId: '' })).code, 'MSG-000009');
  assert.equal(refusalOf(call({ requestId: 'x'.repeat(256) })).code, 'MSG-000009');
});

test('1 to 20 recipients with different userIds', () => {
  const people = (count: number) => Array.from({ length: count }, (_, index) => person({ userId: `u${index}` }));
  assert.ok('call' in parse(call({ recipients: people(20) })));
  for (const count of [0, 21, 500]) assert.equal(refusalOf(call({ recipients: people(count) })).code, 'MSG-000002');
  assert.equal(refusalOf(call({ recipients: [...people(3), person({ userId: 'u1' })] })).code, 'MSG-000003');
});

test('aep recipients and merge policies are for unitary, and merge policies for aep', () => {
  const aep = person({ type: 'aep', mergePolicyName: 'p', mergePolicySchema: '_xdm.context.profile' });
  assert.ok('call' in parse(call({ recipients: [aep] })));
  const refusal = refusalOf(call({ recipients: [aep] }), 'highthroughput');
  assert.equal(refusal.code, 'MSG-000004');
  assert.match(refusal.title, /recipients\[0\]\.type must be external/);
  assert.equal(refusalOf(call({ recipients: [person({ mergePolicyName: 'p' })] })).code, 'MSG-000008');
});

test('the ids are echoed with every refusal when they are texts', () => {
  const bad: JsonValue[] = [
    call({ recipients: [] }),
    call({ recipients: [person({ type: 'both' })] }),
    call({ recipients: [person(), person()] }),
    call({ recipients: [person({ context: { system: 1 } })] }),
    call({ recipients: [person({ userId: '' })] }),
    call({ recipients: undefined }),
    call({ extra: 1 }),
  ];
  for (const body of bad) assert.deepEqual(refusalOf(body).context, { requestId: 'r-1', campaignId: 'c-1' });
  assert.deepEqual(refusalOf(call({ requestId: 5 })).context, { campaignId: 'c-1' });
});

test('a wrong value is MSG-000009, and the title names where it is', () => {
  const rows: [JsonObject, RegExp][] = [
    [{ userId: ' \t' }, /recipients\[0\]\.userId/],
    [{ userId: 'x'.repeat(321) }, /recipients\[0\]\.userId/],
    [{ userId: 'a\nb' }, /recipients\[0\]\.userId: must not have control characters/],
    [{ namespace: 5 }, /recipients\[0\]\.namespace/],
    [{ profile: [] }, /recipients\[0\]\.profile: must be an object/],
    [{ context: 'x' }, /recipients\[0\]\.context: must be an object/],
    [{ channelData: null }, /recipients\[0\]\.channelData/],
    [{ channelData: { emailAddress: 'a@b.c\r\nBcc: x' } }, /recipients\[0\]\.channelData\.emailAddress/],
    [{ channelData: { mobilePhoneNumber: '1'.repeat(41) } }, /recipients\[0\]\.channelData\.mobilePhoneNumber/],
    [{ channelData: { pushInfo: { appID: 'a', platform: 'windows', token: 't' } } }, /pushInfo\.platform/],
    [{ channelData: { pushInfo: { appID: 'a', platform: 'fcm' } } }, /pushInfo\.token is required\.$/],
  ];
  for (const [overrides, title] of rows) {
    const refusal = refusalOf(call({ recipients: [person(overrides)] }));
    assert.equal(refusal.code, 'MSG-000009', JSON.stringify(overrides));
    assert.match(refusal.title, title);
  }
  assert.match(refusalOf(call({ recipients: [{ type: 'external', namespace: 'email' }] })).title, /userId is required/);
  for (const recipient of [null, 'x', []] as JsonValue[]) {
    assert.equal(refusalOf(call({ recipients: [recipient] })).code, 'MSG-000009');
  }
});

test('an unknown member is MSG-000008, at most three are named, and long names are cut', () => {
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`extra${index}`, 1]));
  assert.match(refusalOf(call(many)).title, /^Remove extra0, extra1, extra2 from the call:/);
  assert.ok(refusalOf(call({ ['x'.repeat(10_000)]: 1 })).title.length < 200);
});

test('the context of all recipients together is at most 200,000 bytes, counted as UTF-8 JSON', () => {
  const context = (bytes: number, fill: string) => ({ a: fill.repeat((bytes - 8) / Buffer.byteLength(fill)) });
  const body = (...sizes: number[]) =>
    call({ recipients: sizes.map((size, index) => person({ userId: `u${index}`, context: context(size, 'x') })) });
  assert.ok('call' in parse(body(MAX_CONTEXT_BYTES)));
  assert.ok('call' in parse(body(120_000, 80_000)));
  assert.equal(refusalOf(body(MAX_CONTEXT_BYTES + 1)).code, 'MSG-000006');
  assert.equal(refusalOf(body(120_000, 80_001)).code, 'MSG-000006');
  assert.ok('call' in parse(call({ recipients: [person({ context: context(200_000, 'é') })] })));
  assert.equal(refusalOf(call({ recipients: [person({ context: context(200_002, 'é') })] })).code, 'MSG-000006');
  assert.match(refusalOf(body(200_001)).title, /200001 bytes/);
});

test('whatever JSON comes, there is an answer, and a refusal is a 400', () => {
  const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
  const nearly = fc.record(
    {
      type: fc.oneof(fc.constantFrom('aep', 'external'), anything),
      userId: anything,
      namespace: anything,
      context: anything,
    },
    { requiredKeys: [] },
  );
  const body = fc.record(
    {
      requestId: fc.oneof(fc.constant('r'), anything),
      campaignId: fc.oneof(fc.constant('c'), anything),
      recipients: fc.oneof(fc.array(nearly, { maxLength: 3 }), anything),
      extra: anything,
    },
    { requiredKeys: ['requestId'] },
  );
  fc.assert(
    fc.property(
      fc.oneof(anything, body as fc.Arbitrary<JsonValue>),
      fc.constantFrom('unitary', 'highthroughput'),
      (value, endpoint) => {
        const result = parse(JSON.parse(JSON.stringify(value)), endpoint as 'unitary');
        if ('refusal' in result) assert.match(result.refusal.code, /^MSG-00000[1-9]$/);
      },
    ),
  );
});

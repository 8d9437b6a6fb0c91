/** Bodies that are not the JSON we want (reliability 4.2): each is refused with its code, and nothing is written. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { call, HIGH_THROUGHPUT, person, startHostileIngress, UNITARY } from './ingress.ts';

const ingress = await startHostileIngress();
const campaignId = ingress.campaignIds.unitary;
const ids = (body: { requestId?: unknown }) => ({ requestId: String(body.requestId), campaignId });

after(() => {
  assert.equal(({} as Record<string, unknown>).polluted, undefined, 'no prototype was changed by any of this');
});

/** Bodies that cannot be read as far as their ids. */
const UNREADABLE: [string, string, string | Buffer, string][] = [
  ['B02', 'nothing', '', 'MSG-000001-400'],
  ['B02', 'null', 'null', 'MSG-000001-400'],
  ['B02', 'a string', '"x"', 'MSG-000001-400'],
  ['B02', 'a number', '1', 'MSG-000001-400'],
  ['B02', 'an array', '[]', 'MSG-000001-400'],
  ['B02', 'an array of a call', JSON.stringify([call(campaignId)]), 'MSG-000001-400'],
  ['B03', 'a truncated call', JSON.stringify(call(campaignId)).slice(0, -1), 'MSG-000001-400'],
  ['B03', 'text after the call', `${JSON.stringify(call(campaignId))} x`, 'MSG-000001-400'],
  ['B03', 'two calls', JSON.stringify(call(campaignId)).repeat(2), 'MSG-000001-400'],
  ['B03', 'a comment', `/* hi */ ${JSON.stringify(call(campaignId))}`, 'MSG-000001-400'],
  ['B03', 'NaN', '{"requestId": NaN}', 'MSG-000001-400'],
  ['B03', 'single quotes', "{'requestId': 'r'}", 'MSG-000001-400'],
  ['B03', 'a trailing comma', '{"requestId": "r",}', 'MSG-000001-400'],
  ['B03', 'a raw NUL in a text', '{"requestId": "\u0000"}', 'MSG-000001-400'],
  ['B03', 'a raw line break in a text', '{"requestId": "a\nb"}', 'MSG-000001-400'],
  ['B03', 'form data', 'requestId=1&campaignId=2', 'MSG-000001-400'],
  ['B05', 'a byte that no UTF-8 has', Buffer.from([0x7b, 0xff, 0x7d]), 'MSG-000009-400'],
  ['B05', 'Latin-1', Buffer.from('{"requestId": "\u00e5"}', 'latin1'), 'MSG-000009-400'],
  ['B05', 'UTF-16', Buffer.from('\ufeff{"requestId": "r"}', 'utf16le'), 'MSG-000009-400'],
  ['B05', 'an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'MSG-000009-400'],
  ['B05', 'a surrogate encoded in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'MSG-000009-400'],
  ['B05', 'a character cut off at the end', Buffer.from([0x22, 0xe2, 0x82]), 'MSG-000009-400'],
  ['depth', '33 arrays', '['.repeat(33) + ']'.repeat(33), 'MSG-000009-400'],
  ['depth', '500,000 open arrays', '['.repeat(500_000), 'MSG-000009-400'],
  ['depth', '100,000 open objects', '{"a":'.repeat(100_000), 'MSG-000009-400'],
  ['members', '500,000 elements', `[${'1,'.repeat(500_000)}1]`, 'MSG-000009-400'],
];

describe('a body that cannot be read', () => {
  for (const [row, what, body, code] of UNREADABLE) {
    test(`${row}: ${what} is ${code}`, async () => {
      await ingress.refused(code, () => ingress.send({ body }));
    });
  }
});

/** Text that goes into a call as the value of recipients[0].context. */
const HOSTILE_CONTEXTS: [string, string, string, string][] = [
  ['B06', 'a member twice', '{"a":1,"a":2}', 'MSG-000009-400'],
  ['B06', 'a member twice, once escaped', '{"ab":1,"\\u0061b":2}', 'MSG-000009-400'],
  ['B06', 'a member twice, far inside', '{"list":[{"x":{"a":{},"b":1,"a":{}}}]}', 'MSG-000009-400'],
  ['B06', 'a member twice behind braces in a text', '{"t":"{[\\"a\\":1,","a":1,"a":1}', 'MSG-000009-400'],
  ['B08', '__proto__', '{"__proto__":{"polluted":1}}', 'MSG-000008-400'],
  ['B08', '__proto__ in an array', '{"x":[{"__proto__":null}]}', 'MSG-000008-400'],
  ['B08', '__proto__ in escapes', '{"\\u005f_proto__":{"polluted":1}}', 'MSG-000008-400'],
  ['B09', 'constructor.prototype', '{"constructor":{"prototype":{"polluted":1}}}', 'MSG-000008-400'],
  ['B11', 'half a surrogate pair', '{"a":"\\ud800"}', 'MSG-000009-400'],
  ['B11', 'a surrogate pair the wrong way round', '{"a":"\\udc00\\ud800"}', 'MSG-000009-400'],
  ['B11', 'half a surrogate pair in a name', '{"\\ud800":1}', 'MSG-000009-400'],
  ['B11', 'NUL', '{"a":"\\u0000"}', 'MSG-000009-400'],
  ['B11', 'NUL in a name', '{"\\u0000":1}', 'MSG-000009-400'],
  ['B12', '1e400', '{"a":1e400}', 'MSG-000009-400'],
  ['B12', '-1e400', '{"a":[-1e400]}', 'MSG-000009-400'],
  ['B12', 'an integer of 23 digits', '{"a":12345678901234567890123}', 'MSG-000009-400'],
  ['B12', '2^53', '{"a":9007199254740992}', 'MSG-000009-400'],
  ['B20', 'a context that is an array', '[]', 'MSG-000009-400'],
  ['B20', 'a context that is a text', '"x"', 'MSG-000009-400'],
  ['B20', 'a context that is a number', '1', 'MSG-000009-400'],
  ['B20', 'a context that is null', 'null', 'MSG-000009-400'],
  ['C07', 'context.system', '{"system":{}}', 'MSG-000007-400'],
  ['depth', '33 levels', `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`, 'MSG-000009-400'],
  ['members', 'over 5,000 members', `{${Array.from({ length: 5_001 }, (_, i) => `"m${i}":1`)}}`, 'MSG-000009-400'],
];

/** A call whose first recipient has this text as its context; JSON.stringify could not write most of them. */
function callWithContext(context: string, requestId: string): string {
  const text = JSON.stringify(call(campaignId, { requestId, recipients: [person({ context: 0 })] }));
  return text.replace('"context":0', () => `"context":${context}`);
}

describe('a context that cannot be taken', () => {
  for (const [row, what, context, code] of HOSTILE_CONTEXTS) {
    test(`${row}: ${what} is ${code}`, async () => {
      const requestId = randomUUID();
      // Depth and a flood of members are refused before anything is parsed.
      const readable = row !== 'depth' && row !== 'members';
      const send = () => ingress.send({ body: callWithContext(context, requestId) });
      const answer = await ingress.refused(code, send, readable ? ids({ requestId }) : {});
      if (row === 'B06') assert.match(answer.text, /is there twice/);
    });
  }
});

describe('members of the call', () => {
  test('B06: two requestIds are refused, and neither is echoed', async () => {
    const body = JSON.stringify(call(campaignId)).replace('{', '{"requestId":"first",');
    const answer = await ingress.refused('MSG-000009-400', () => ingress.send({ body }), { campaignId });
    assert.match(answer.text, /requestId\\" is there twice/);
    assert.doesNotMatch(answer.text, /first/);
  });

  test('B08: __proto__ beside the requestId is refused', async () => {
    const body = JSON.stringify(call(campaignId)).replace('{', '{"__proto__":{"polluted":1},');
    await ingress.refused('MSG-000008-400', () => ingress.send({ body }));
  });

  test('B18: an unknown member is named, at every closed level', async () => {
    const levels: [Record<string, unknown>, RegExp][] = [
      [call(campaignId, { priority: 1 }), /Remove priority from the call/],
      [call(campaignId, { recipients: [person({ priority: 1 })] }), /Remove priority from recipients\[0\]/],
      [
        call(campaignId, { recipients: [person({ channelData: { priority: 1 } })] }),
        /Remove priority from recipients\[0\]\.channelData/,
      ],
    ];
    for (const [body, title] of levels) {
      const send = () => ingress.send({ body: JSON.stringify(body) });
      const answer = await ingress.refused('MSG-000008-400', send, ids(body));
      assert.match(answer.text, title);
    }
  });

  test('B18: an unknown member with a hostile name is cut and cleaned', async () => {
    const body = call(campaignId, { [`\u0007\u001b[31m${'x'.repeat(100_000)}`]: 1 });
    const answer = await ingress.refused('MSG-000008-400', () => ingress.send({ body: JSON.stringify(body) }));
    assert.doesNotMatch(answer.text, /\\u001b|\\u0007/);
  });

  test('B20: a profile that is no object is refused', async () => {
    for (const profile of [[], 'x', 1, null, true]) {
      const body = call(campaignId, { recipients: [person({ profile })] });
      await ingress.refused('MSG-000009-400', () => ingress.send({ body: JSON.stringify(body) }), ids(body));
    }
  });
});

/** A context object that is exactly `bytes` long as JSON. */
const contextOf = (bytes: number, fill = 'x') => {
  const room = bytes - Buffer.byteLength('{"a":""}');
  return { a: fill.repeat(Math.floor(room / Buffer.byteLength(fill))) + 'x'.repeat(room % Buffer.byteLength(fill)) };
};

describe('the limit of the context', () => {
  for (const [path, endpoint] of [
    [UNITARY, 'unitary'],
    [HIGH_THROUGHPUT, 'highthroughput'],
  ] as const) {
    const bodyWith = (...bytes: number[]) =>
      JSON.stringify(
        call(ingress.campaignIds[endpoint], {
          recipients: bytes.map((size) => person({ context: contextOf(size) })),
        }),
      );
    test(`B15: exactly 200,000 bytes are taken on ${endpoint}`, async () => {
      await ingress.accepted(1, () => ingress.send({ path, body: bodyWith(200_000) }));
      await ingress.accepted(2, () => ingress.send({ path, body: bodyWith(100_000, 100_000) }));
    });

    test(`B14: one byte more is refused on ${endpoint}, in one context or over two`, async () => {
      await ingress.refused('MSG-000006-400', () => ingress.send({ path, body: bodyWith(200_001) }));
      await ingress.refused('MSG-000006-400', () => ingress.send({ path, body: bodyWith(100_000, 100_001) }));
    });
  }

  test('B14: numbers that grow when they are written out count at their full length', async () => {
    const numbers = `{"a":[${Array(4_500).fill('9e15').join(',')}],"b":"${'x'.repeat(130_000)}"}`;
    const body = callWithContext(numbers, randomUUID());
    assert.ok(Buffer.byteLength(body) < 200_000);
    await ingress.refused('MSG-000006-400', () => ingress.send({ body }));
  });
});

/** What is strange and allowed: stored exactly as it was sent. */
const STRANGE_CONTEXTS: [string, string, Record<string, unknown>][] = [
  ['B12', 'negative zero and the largest safe integer', { a: [-0, 9007199254740991, 5e-324, 0.1] }],
  ['B17', '100 kB of combining marks', { a: 'e\u0301'.repeat(33_000) }],
  ['B17', '100 kB of right-to-left overrides', { a: '\u202e'.repeat(33_000) }],
  ['B21', 'arrays, numbers, booleans and null', { a: [1, [true, null, { b: [] }]], c: {} }],
  ['B21', 'names of built-in members', { constructor: 'x', toString: 1, hasOwnProperty: {}, prototype: {} }],
  ['B21', 'an emoji, a zero-width joiner and U+2028', { a: '\u{1f469}\u200d\u{1f680}\u2028', '\u{1f680}': 1 }],
  ['B21', 'the same name in different objects', { a: { x: 1 }, b: [{ x: 1 }, { x: 1 }], 'a:': '"a":1' }],
  [
    'B21',
    'SQL, shell and template text',
    { a: "'; DROP TABLE messages; --", b: '$(reboot)', c: '{{ 1 | x }}{% raw %}' },
  ],
  ['depth', '32 levels in all', JSON.parse(`${'{"a":'.repeat(28)}{}${'}'.repeat(28)}`)],
];

describe('a strange context that is allowed', () => {
  for (const [row, what, context] of STRANGE_CONTEXTS) {
    test(`${row}: ${what} is accepted and stored as sent`, async () => {
      const body = call(campaignId, { recipients: [person({ context })] });
      const answer = await ingress.accepted(1, () => ingress.send({ body: JSON.stringify(body) }));
      const executionId = String(answer.body?.executionId).replace('UMA-', '');
      const { rows } = await ingress.pool.query('SELECT content FROM execution_contents WHERE execution_id = $1', [
        executionId,
      ]);
      const stored = JSON.parse(rows[0]?.content) as { recipients: { context: unknown }[] };
      assert.equal(JSON.stringify(stored.recipients[0]?.context), JSON.stringify(context));
    });
  }

  test('a byte order mark and white space around the call are no harm', async () => {
    const body = `\ufeff \r\n\t${JSON.stringify(call(campaignId), undefined, 2)}\n`;
    await ingress.accepted(1, () => ingress.send({ body }));
  });
});

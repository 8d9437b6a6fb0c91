import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@outrigger/core';
import fc from 'fast-check';
import { canonicalJson, identifiersOf, MAX_MEMBERS, readJson } from './json.ts';

const read = (text: string) => readJson(Buffer.from(text));

/** The code of the refusal, and its title, of a text that must be refused. */
function refusalOf(text: string | Buffer) {
  const result = readJson(Buffer.from(text as string));
  if (!('refusal' in result)) assert.fail(`accepted ${text.toString().slice(0, 100)}`);
  return result.refusal;
}

/** JSON that we take: names and texts without NUL and lone surrogates, numbers that keep their digits. */
const plainText = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((text) => text.isWellFormed() && !text.includes('\0'));
const plainName = plainText.filter((name) => name !== '__proto__' && name !== 'constructor');
const plainNumber = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }));
const { value: plainValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    plainNumber,
    plainText,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(plainName, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

/** The same value with the members of each object in another order. */
function shuffled(value: JsonValue, pick: (count: number) => number): JsonValue {
  if (Array.isArray(value)) return value.map((element) => shuffled(element, pick));
  if (value === null || typeof value !== 'object') return value;
  const rest = Object.entries(value);
  const result: Record<string, JsonValue> = {};
  while (rest.length > 0) {
    const [[name, member]] = rest.splice(pick(rest.length), 1) as [[string, JsonValue]];
    result[name] = shuffled(member, pick);
  }
  return result;
}

test('what JSON.stringify writes is read back unchanged, with and without white space', () => {
  fc.assert(
    fc.property(plainValue, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const result = read(text);
      assert.ok('value' in result);
      assert.deepEqual(result.value, JSON.parse(text));
    }),
  );
});

test('any bytes at all give a value or a refusal, and a value is what JSON.parse says', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', 'é', ' '))
      .map((parts) => Buffer.from(parts.join(''))),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      const result = readJson(body);
      if ('value' in result) assert.deepEqual(result.value, JSON.parse(body.toString()));
      else assert.match(result.refusal.code, /^MSG-00000[189]$/);
    }),
    { numRuns: 2_000 },
  );
});

test('a member said twice in one object is refused and named, wherever it is and however it is written', () => {
  const escaped = (name: string) =>
    [...name].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  const spelling = fc.constantFrom(
    (name: string) => JSON.stringify(name),
    (name: string) => `"${escaped(name)}"`,
    (name: string) => `${JSON.stringify(name)} \n`,
  );
  const name = fc
    .string({ minLength: 1, maxLength: 8 })
    .filter((text) => text !== '__proto__' && text !== 'constructor');
  const wrap = fc.constantFrom(
    (text: string) => text,
    (text: string) => `[1,"{",${text}]`,
    (text: string) => `{"around":{"x":1,"inner":${text}},"x":2}`,
  );
  fc.assert(
    fc.property(
      name,
      spelling,
      spelling,
      plainValue,
      plainValue,
      wrap,
      (repeated, one, other, first, second, around) => {
        const text = around(
          `{${one(repeated)}:${JSON.stringify(first)},"between":0,${other(repeated)}:${JSON.stringify(second)}}`,
        );
        fc.pre(repeated !== 'between');
        const refusal = refusalOf(text);
        assert.equal(refusal.code, 'MSG-000009');
        assert.ok(refusal.title.includes(JSON.stringify(repeated)), refusal.title);
      },
    ),
  );
});

test('the same member in different objects is no repetition', () => {
  for (const text of [
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":"\\"a\\":1","b":"{\\"a\\":"}',
    '{"a:":1,"a":2}',
  ]) {
    assert.deepEqual(read(text), { value: JSON.parse(text) });
  }
});

test('an empty body, text that is no JSON and bytes that are no UTF-8 are refused', () => {
  assert.equal(refusalOf('').code, 'MSG-000001');
  for (const text of ['{', '{"a":1,}', "{'a':1}", 'NaN', '{"a":1} x', '// no', '\u0000']) {
    assert.equal(refusalOf(text).code, 'MSG-000001', text);
  }
  assert.equal(refusalOf(Buffer.from([0x22, 0xff, 0x22])).code, 'MSG-000009');
  assert.match(refusalOf(Buffer.from([0x22, 0xff, 0x22])).title, /UTF-8/);
});

test('names that reach a prototype are refused at every level', () => {
  for (const text of [
    '{"__proto__":1}',
    '[{"a":{"__proto__":{}}}]',
    '{"\\u005f_proto__":1}',
    '{"constructor":{"prototype":1}}',
  ]) {
    assert.equal(refusalOf(text).code, 'MSG-000008', text);
  }
  assert.ok('value' in read('{"constructor":"a name","prototype":{}}'));
  assert.ok('value' in read('{"constructor":["prototype"]}'));
});

test('NUL and half a surrogate pair are refused in texts and names', () => {
  for (const text of ['"\\u0000"', '{"\\u0000":1}', '["\\ud800"]', '{"\\udc00":1}', '"\\ud83d x \\ude80"']) {
    assert.equal(refusalOf(text).code, 'MSG-000009', text);
  }
  assert.deepEqual(read('"\\ud83d\\ude80"'), { value: '\u{1f680}' });
  assert.deepEqual(read('"\\u0001\\u001f"'), { value: '\u0001\u001f' });
});

test('numbers that lose digits or overflow are refused', () => {
  for (const text of [
    '1e400',
    '-1e400',
    '9007199254740992',
    '-9007199254740993',
    '12345678901234567890123',
    '1.5e300',
  ]) {
    assert.equal(refusalOf(text).code, 'MSG-000009', text);
  }
  for (const text of ['9007199254740991', '-9007199254740991', '0.1', '-0', '1e-400', '1.5e15']) {
    assert.deepEqual(read(text), { value: JSON.parse(text) });
  }
});

test('32 levels are read and 33 refused, of objects and arrays alike', () => {
  const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`;
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    assert.ok('value' in read(nested(32, open, close)));
    assert.equal(refusalOf(nested(33, open, close)).code, 'MSG-000009');
    assert.match(refusalOf(open.repeat(100_000)).title, /deeper than 32/);
  }
  assert.ok('value' in read(JSON.stringify('['.repeat(100))), 'brackets in a text are no nesting');
});

test('as many members as allowed are read, one more is refused', () => {
  const object = (members: number) => `{${Array.from({ length: members }, (_, index) => `"m${index}":1`)}}`;
  const array = (elements: number) => `[${Array(elements).fill(1)}]`;
  for (const make of [object, array]) {
    assert.ok('value' in read(make(MAX_MEMBERS)));
    assert.match(refusalOf(make(MAX_MEMBERS + 1)).title, /more than 5000 members/);
    assert.match(refusalOf(make(20 * MAX_MEMBERS)).title, /more than 5000 members/);
  }
  assert.match(refusalOf(`[${array(2_500)},${object(2_500)}]`).title, /more than 5000 members/);
  assert.ok('value' in read(JSON.stringify(','.repeat(10_000))), 'commas in a text are no members');
});

test('a refusal of a body that could be parsed carries its ids, where they are texts', () => {
  assert.deepEqual(refusalOf('{"requestId":"r","campaignId":"c","x":1e400}').context, {
    requestId: 'r',
    campaignId: 'c',
  });
  assert.deepEqual(refusalOf('{"requestId":7,"campaignId":"c","x":1,"x":1}').context, { campaignId: 'c' });
  assert.deepEqual(refusalOf('{"requestId":"r","requestId":"s","campaignId":"c"}').context, { campaignId: 'c' });
  assert.deepEqual(refusalOf('{"requestId":"r"').context, {});
  assert.deepEqual(identifiersOf(['requestId']), {});
  assert.deepEqual(identifiersOf(null), {});
});

test('canonical JSON does not depend on the order of members', () => {
  fc.assert(
    fc.property(plainValue, fc.infiniteStream(fc.nat()), (value, numbers) => {
      const other = shuffled(value, (count) => (numbers.next().value as number) % count);
      assert.equal(canonicalJson(other), canonicalJson(value));
    }),
  );
});

test('canonical JSON is JSON of the same value, so two values that differ never have the same text', () => {
  fc.assert(
    fc.property(plainValue, (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('canonical JSON escapes every text as JSON.stringify does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      assert.equal(canonicalJson(text), JSON.stringify(text));
      assert.equal(canonicalJson({ [text]: 1 }), JSON.stringify({ [text]: 1 }));
    }),
  );
  for (const text of ['"', '\\', '\n', '\u0000', '\ud800', '\u2028', '\u007f', '', 'é', '\u{1f680}']) {
    assert.equal(canonicalJson(text), JSON.stringify(text));
  }
});

test('canonical JSON of small things', () => {
  assert.equal(canonicalJson(undefined), 'null');
  assert.equal(canonicalJson({}), '{}');
  assert.equal(canonicalJson([]), '[]');
  assert.equal(canonicalJson([[], {}, null, -0]), '[[],{},null,0]');
  assert.equal(canonicalJson({ b: 1, a: { d: true, c: '' } }), '{"a":{"c":"","d":true},"b":1}');
});

test('the first list of the outermost object is given as it was sent, where it is on one line and with few escapes by number', () => {
  const listText = (text: string) => {
    const result = readJson(Buffer.from(text));
    assert.ok('value' in result);
    return result.listText;
  };
  assert.equal(listText('{"a":"[","b":["]", [1, "ä"], {"c":[]}],"d":"x]"}'), '["]", [1, "ä"], {"c":[]}]');
  assert.equal(listText('{"a":{"b":[1]},"c":[2],"d":[3]}'), '[2]');
  const long = `["\\u00e4${'a'.repeat(40)}"]`;
  assert.equal(listText(`{"a":${long}}`), long);
  for (const text of ['{"a":[\n1]}', '{"a":["\\u00e4"]}', '{"a":[1,  2]}', '{"a":1}', '[1]', '"[1]"'])
    assert.equal(listText(text), undefined, text);
  fc.assert(
    fc.property(plainValue, plainValue, fc.array(plainValue), (before, after, list) => {
      fc.pre(![before, after].some((value) => Array.isArray(value)));
      const text = listText(JSON.stringify({ before, list, after }));
      if (text !== undefined) assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(list)));
    }),
  );
});

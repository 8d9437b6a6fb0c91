/** Seeded mutations of trigger bodies: the same seed makes the same bodies. */
import { call, person } from './ingress.ts';

/** A number in [0, 1), from a seeded generator (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const below = (random: Random, limit: number) => Math.floor(random() * limit);
const pick = <Item>(random: Random, items: readonly Item[]): Item => items[below(random, items.length)]!;

/** JSON texts that go in the place of a value; many are values that JSON.stringify could not write. */
const HOSTILE_VALUES = [
  '1e400',
  '-1e400',
  '1e-400',
  '-0',
  '9007199254740991',
  '9007199254740993',
  '12345678901234567890123',
  '0.1e1',
  '1E5',
  'NaN',
  '01',
  '+1',
  '"\\ud800"',
  '"\\ud83d\\ude80"',
  '"\\u0000"',
  '"\\u001f"',
  '"\u007f\u0085"',
  '"\u202e\u2066x\u2069"',
  '"\u2028\u2029\ufeff"',
  '"\u{1f469}\u200d\u{1f680}"',
  '"a\\r\\nBcc: x@y.example"',
  '"\\/\\b\\f\\"\\\\"',
  '"constructor"',
  '"__proto__"',
  '"external"',
  '"aep"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"constructor":1}',
  '{"system":{}}',
  '{"a":1,"a":2}',
  '{"\\u0061":1,"a":2}',
  '{"toString":null,"length":3}',
  '{}',
  '[]',
  '[null]',
  'null',
  'true',
  '""',
  '" "',
];

const FRAGMENTS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\u0000',
  '\n',
  '//',
  '"__proto__":1,',
  '\ufeff',
  '\\u',
  ']]>',
  '{{ x }}',
];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A call that is accepted. */
export function makeCall(random: Random, campaignId: string, requestId: string): Record<string, Json> {
  const recipients = Array.from({ length: random() < 0.8 ? 1 : 1 + below(random, 20) }, (_, index) =>
    person({
      userId: `${requestId}-${index}@shop.example`,
      ...(random() < 0.5 && { channelData: { emailAddress: `a${index}@shop.example` } }),
      ...(random() < 0.3 && {
        channelData: { mobilePhoneNumber: '+46701234567', pushInfo: { appID: 'app', platform: 'fcm', token: 'token' } },
      }),
      ...(random() < 0.7 && { profile: { person: { name: { firstName: 'Astrid', lastName: 'Åkesson' } } } }),
      ...(random() < 0.7 && { context: { order: { number: 'NL-48213', total: 1249.5, items: [1, 'two', null] } } }),
    }),
  );
  return call(campaignId, { requestId, recipients }) as Record<string, Json>;
}

/** The body of a call after up to four mutations; about one in twenty is left as it is. */
export function makeBody(random: Random, valid: Record<string, Json>): Buffer {
  if (random() < 0.05) return Buffer.from(JSON.stringify(valid));
  const holes: string[] = [];
  const changed = structuredClone(valid);
  for (let count = below(random, 3); count > 0; count--) changeValue(random, changed, holes);
  let text = JSON.stringify(changed, undefined, pick(random, [undefined, undefined, undefined, 1, '\t']));
  text = text.replace(/"@hole(\d+)@"/g, (_, index) => holes[Number(index)]!);
  if (random() < 0.3) text = changeText(random, text);
  let bytes: Buffer = Buffer.from(text);
  if (random() < 0.25) bytes = changeBytes(random, bytes);
  return bytes;
}

/** Puts something else at a random place of the value: a hostile text by way of a hole, or a change of structure. */
function changeValue(random: Random, root: Record<string, Json>, holes: string[]): void {
  const places: { holder: Record<string, Json>; name: string }[] = [];
  collectPlaces(root, places);
  const { holder, name } = pick(random, places);
  const hole = (text: string): Json => {
    holes.push(text);
    return `@hole${holes.length - 1}@`;
  };
  const choice = below(random, 100);
  if (choice < 45) holder[name] = hole(pick(random, HOSTILE_VALUES));
  else if (choice < 55) delete holder[name];
  else if (choice < 65 && !Array.isArray(holder))
    holder[pick(random, ['x', 'type', 'userId', '\u0007'])] = holder[name]!;
  else if (choice < 75) holder[name] = deep(random, hole);
  else if (choice < 85) holder[name] = 'x'.repeat(pick(random, [255, 256, 320, 321, 4_096, 20_000]));
  else if (choice < 86) holder[name] = { a: 'x'.repeat(pick(random, [199_992, 199_993, 400_000, 1_048_576])) };
  else if (choice < 87) holder[name] = hole(`[${'1,'.repeat(pick(random, [4_000, 6_000, 50_000]))}1]`);
  else if (choice < 93) holder[name] = structuredClone(pick(random, places).holder);
  else
    holder[name] = structuredClone(pick(random, places).holder[pick(random, ['userId', 'type', 'context'])] ?? false);
}

function deep(random: Random, hole: (text: string) => Json): Json {
  const levels = pick(random, [5, 26, 27, 28, 29, 30, 31, 32, 33, 1_000, 20_000]);
  const [open, close] = pick(random, [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  return hole(`${open.repeat(levels)}1${close.repeat(levels)}`);
}

function collectPlaces(value: Json, places: { holder: Record<string, Json>; name: string }[]): void {
  if (value === null || typeof value !== 'object') return;
  for (const [name, member] of Object.entries(value)) {
    places.push({ holder: value as Record<string, Json>, name });
    collectPlaces(member, places);
  }
}

function changeText(random: Random, text: string): string {
  const at = below(random, text.length + 1);
  switch (below(random, 5)) {
    case 0:
      return text.slice(0, at) + pick(random, FRAGMENTS) + text.slice(at);
    case 1:
      return text.slice(0, at) + pick(random, HOSTILE_VALUES) + text.slice(at);
    case 2: {
      // Says a member twice, with the same value or another one.
      const names = [...text.matchAll(/"([\w.]+)":\s?/g)];
      if (names.length === 0) return text;
      const { 0: name, index } = pick(random, names);
      return `${text.slice(0, index)}${name}${pick(random, HOSTILE_VALUES)},${text.slice(index)}`;
    }
    case 3: {
      const end = at + below(random, 40);
      return text.slice(0, at) + text.slice(at, end).repeat(1 + below(random, 3)) + text.slice(end);
    }
    default:
      return text + pick(random, [' ', '\n', 'x', '{}', ',', '\u0000']);
  }
}

function changeBytes(random: Random, bytes: Buffer): Buffer {
  const at = below(random, bytes.length);
  switch (below(random, 4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      for (let flips = 1 + below(random, 4); flips > 0; flips--) {
        const place = below(random, bytes.length);
        bytes[place] = bytes[place]! ^ (1 << below(random, 8));
      }
      return bytes;
    }
    case 2:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([below(random, 256), below(random, 256)]),
        bytes.subarray(at),
      ]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 10))]);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonInJson } from './json-in-json.ts';

const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\"', '\n', '\u0000', '\u001f', '\u007f', '\u2028', '🚚', 'ü'),
    ),
  )
  .map((parts) => parts.join(''));

test('a text put inside a JSON text inside a JSON text is read back as it was', () => {
  fc.assert(
    fc.property(text, (value) => {
      const inside = jsonInJson(value);
      const data: unknown = JSON.parse(`{"data":"{\\"value\\":\\"${inside}\\"}"}`);
      assert.deepEqual(JSON.parse((data as { data: string }).data), { value: value.toWellFormed() });
    }),
    { numRuns: 2_000 },
  );
});

test('texts one after the other are as their parts: what is joined later may be escaped before', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      // Two halves of a character that meet are the one case where it is not so.
      fc.pre((one + other).toWellFormed() === one.toWellFormed() + other.toWellFormed());
      assert.equal(jsonInJson(one) + jsonInJson(other), jsonInJson(one + other));
    }),
    { numRuns: 2_000 },
  );
});

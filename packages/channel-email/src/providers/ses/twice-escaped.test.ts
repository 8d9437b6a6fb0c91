import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TWICE_ESCAPED, writeTwiceEscaped } from './twice-escaped.ts';

const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\"', '\n', '\u0000', '\u001f', '\u007f', '\u2028', '🚚', 'ü'),
    ),
  )
  .map((parts) => parts.join(''));

test('a text is escaped as JSON in JSON is, and never needs more room than stated', () => {
  fc.assert(
    fc.property(text, (value) => {
      const out = Buffer.alloc(value.length * TWICE_ESCAPED + 10);
      const end = writeTwiceEscaped(value, out, 3);
      const twice = JSON.stringify(JSON.stringify(value.toWellFormed()));
      // Without the quotes of both: "\\"…\\"".
      assert.equal(out.toString('utf8', 3, end), twice.slice(3, -3));
      assert.ok(end - 3 <= value.length * TWICE_ESCAPED);
    }),
    { numRuns: 2_000 },
  );
  const long = '"'.repeat(100_000);
  const out = Buffer.alloc(long.length * TWICE_ESCAPED);
  assert.equal(writeTwiceEscaped(long, out, 0), 400_000);
});

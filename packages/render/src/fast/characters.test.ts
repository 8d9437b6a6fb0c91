import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonInJson } from '@outrigger/core';
import fc from 'fast-check';
import { escapesOf, IN_HTML, IN_JSON } from './characters.ts';

test('a text is told to need no escape only where escaping changes nothing, and short texts are told exactly', () => {
  const text = fc.oneof(fc.string({ maxLength: 80 }), fc.string({ unit: 'binary', maxLength: 80 }));
  fc.assert(
    fc.property(text, (one) => {
      const escapes = escapesOf(one);
      assert.equal((escapes & IN_HTML) !== 0, /[&<>"']/.test(one));
      const changes = jsonInJson(one) !== one;
      if (one.length <= 64) assert.equal((escapes & IN_JSON) !== 0, changes);
      else assert.ok(escapes & IN_JSON || !changes);
    }),
    { numRuns: 2_000 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@outrigger/core';
import fc from 'fast-check';
import { mergeProfiles } from './resolve.ts';

// `__proto__` is refused at the door, of calls and of profiles.
const name = fc.string().filter((text) => text !== '__proto__');
const object = fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true }) as fc.Arbitrary<JsonObject>;

test('what the payload says wins, at every depth, and what it does not say stays', () => {
  assert.deepEqual(
    mergeProfiles({ name: { first: 'Stored', last: 'Person' }, points: 5 }, { name: { first: 'Payload' } }),
    { name: { first: 'Payload', last: 'Person' }, points: 5 },
  );
});

test('merging changes neither side, and merging with nothing or with itself changes nothing', () => {
  fc.assert(
    fc.property(object, object, (stored, given) => {
      const before = JSON.stringify([stored, given]);
      const merged = mergeProfiles(stored, given)!;
      assert.equal(JSON.stringify([stored, given]), before);
      for (const name of Object.keys(given)) assert.ok(Object.hasOwn(merged, name));
      assert.deepEqual(mergeProfiles(stored, undefined), stored);
      assert.deepEqual(mergeProfiles(undefined, given), given);
      assert.deepEqual(mergeProfiles(given, given), given);
    }),
  );
});

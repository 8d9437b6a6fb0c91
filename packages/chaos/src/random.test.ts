import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.ts';

const first = (seed: number, stream: string) => Array.from({ length: 5 }, createRandom(seed, stream).next);

test('the same seed and stream give the same chances; another of either gives others', () => {
  assert.deepEqual(first(1, 'a'), first(1, 'a'));
  assert.notDeepEqual(first(1, 'a'), first(2, 'a'));
  assert.notDeepEqual(first(1, 'a'), first(1, 'b'));
});

test('weights are kept', () => {
  const random = createRandom(1, 'weights');
  const items = [
    { name: 'often', weight: 9 },
    { name: 'seldom', weight: 1 },
  ];
  const drawn = Array.from({ length: 10_000 }, () => random.weighted(items).name);
  const often = drawn.filter((name) => name === 'often').length;
  assert.ok(often > 8_800 && often < 9_200, `${often} of 10000`);
});

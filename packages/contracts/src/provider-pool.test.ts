import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerPool } from './provider-pool.ts';

test('a channel configuration chooses accounts by name, in order unless it says otherwise', () => {
  assert.deepEqual(providerPool.parse({ accounts: ['ses-eu'] }), { strategy: 'ordered', accounts: ['ses-eu'] });
  for (const wrong of [{ accounts: [] }, { accounts: ['a', 'a'] }, { accounts: ['a'], strategy: 'random' }]) {
    assert.equal(providerPool.safeParse(wrong).success, false);
  }
});

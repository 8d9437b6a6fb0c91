import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pickByWeight } from './pick.ts';

describe('picking accounts by weight', () => {
  it('gives every account its share of first choices', () => {
    const accounts = [
      { name: 'a', weight: 5 },
      { name: 'b', weight: 3 },
      { name: 'c', weight: 2 },
    ];
    const firsts = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const [first] = pickByWeight(accounts, `0199aaaa-0000-7000-8000-${i.toString(16).padStart(12, '0')}`);
      firsts.set(first!.name, (firsts.get(first!.name) ?? 0) + 1);
    }
    for (const { name, weight } of accounts) {
      const share = (firsts.get(name) ?? 0) / 20_000;
      assert.ok(Math.abs(share - weight / 10) < 0.015, `${name} ${share}`);
    }
  });

  it('keeps the order of the others when an account goes', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(names, fc.uuid(), fc.nat(5), (given, messageId, gone) => {
        const accounts = given.map((name, index) => ({ name, weight: index + 1 }));
        const without = given[gone % given.length];
        const all = pickByWeight(accounts, messageId).filter(({ name }) => name !== without);
        assert.deepEqual(
          pickByWeight(
            accounts.filter(({ name }) => name !== without),
            messageId,
          ),
          all,
        );
      }),
    );
  });
});

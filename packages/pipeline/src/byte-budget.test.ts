import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createByteBudget } from './byte-budget.ts';

test('never more bytes than the budget are out at a time, everybody gets their turn, and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 40 }), async (sizes) => {
      const budget = createByteBudget(10);
      let out = 0;
      const order: number[] = [];
      await Promise.all(
        sizes.map(async (size, index) => {
          const bytes = Math.min(size, 10);
          const giveBack = await budget.take(size);
          out += bytes;
          order.push(index);
          assert.ok(out <= 10);
          await new Promise((resolve) => setImmediate(resolve));
          out -= bytes;
          giveBack();
          // A second time must give nothing.
          giveBack();
        }),
      );
      assert.deepEqual(order, [...sizes.keys()]);
    }),
  );
});

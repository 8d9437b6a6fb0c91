import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseTreatment } from './treatment.ts';

type Arm = { name: 'A' | 'B' | 'holdout'; percentage: number };
const ARMS: [Arm, ...Arm[]] = [
  { name: 'A', percentage: 45 },
  { name: 'B', percentage: 45 },
  { name: 'holdout', percentage: 10 },
];

test('people are split as the percentages say, whatever their names look like (F114)', () => {
  for (const nameOf of [(n: number) => `${n}`, (n: number) => `customer-${n}@shop.example`]) {
    const counts = { A: 0, B: 0, holdout: 0 };
    for (let n = 0; n < 20_000; n++) counts[chooseTreatment(ARMS, 'campaign', nameOf(n)).name]++;
    assert.ok(Math.abs(counts.A - 9_000) < 300, JSON.stringify(counts));
    assert.ok(Math.abs(counts.B - 9_000) < 300, JSON.stringify(counts));
    assert.ok(Math.abs(counts.holdout - 2_000) < 200, JSON.stringify(counts));
  }
});

test('the same person is in the same arm every time, and in arms of other experiments independently (F114)', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (experiment, person) => {
      assert.equal(chooseTreatment(ARMS, experiment, person), chooseTreatment(ARMS, experiment, person));
    }),
  );
  let same = 0;
  for (let n = 0; n < 10_000; n++)
    if (chooseTreatment(ARMS, 'one', `${n}`) === chooseTreatment(ARMS, 'other', `${n}`)) same++;
  // 45 % of 45 %, twice, and 10 % of 10 %.
  assert.ok(Math.abs(same - 4_150) < 300, String(same));
});

test('moving a border moves nobody but those beside it (F114)', () => {
  const moved: typeof ARMS = [
    { name: 'A', percentage: 50 },
    { name: 'B', percentage: 40 },
    { name: 'holdout', percentage: 10 },
  ];
  for (let n = 0; n < 5_000; n++) {
    const [before, after] = [ARMS, moved].map((arms) => chooseTreatment(arms, 'one', `${n}`).name);
    if (before !== after) assert.deepEqual([before, after], ['B', 'A']);
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRateStore } from '@outrigger/store/rate-slots';
import { openTestLedger } from '@outrigger/testkit';
import fc from 'fast-check';
import { type RateRow, reserveSlots, slowDownRow } from '../src/gcra.ts';

const { pool } = await openTestLedger();
const store = createRateStore(pool);

/** Offsets are far from every threshold compared with the time a statement takes. */
const row = fc.record({
  nextInMs: fc.constantFrom(-5_000, -200, 300, 700, 4_000),
  ratePerSecond: fc.constantFrom(0.5, 20, 1_000),
  used: fc.constantFrom(0, 3, 400),
  usedAgoMs: fc.constantFrom(0, 2_500, 60_000),
  slowed: fc.option(
    fc.record({
      ceiling: fc.constantFrom(2, 80),
      floor: fc.constantFrom(1, 10),
      agoMs: fc.constantFrom(0, 5_000, 20_000, 90_000),
    }),
    { nil: undefined },
  ),
});
const request = fc.record({
  ratePerSecond: fc.constantFrom(0.5, 50, 3_000, Number.POSITIVE_INFINITY),
  wanted: fc.integer({ min: 1, max: 500 }),
  chunkMs: fc.constantFrom(20, 100),
  aheadMs: fc.constantFrom(0, 500, 2_000),
});

type GivenRow = typeof row extends fc.Arbitrary<infer Value> ? Value : never;

async function writeRow(given: GivenRow | undefined): Promise<RateRow | undefined> {
  await pool.query('TRUNCATE rate_slots');
  if (!given) return undefined;
  const { nextInMs, ratePerSecond, used, usedAgoMs, slowed } = given;
  await pool.query(
    `INSERT INTO rate_slots (key, next_at, rate, granted, used, used_at, ceiling, floor, slowed_at) VALUES ('k',
       now() + $1 * interval '1 millisecond', $2, 0, $3, now() - $4 * interval '1 millisecond', $5, $6,
       now() - $7::float8 * interval '1 millisecond')`,
    [nextInMs, ratePerSecond, used, usedAgoMs, slowed?.ceiling, slowed?.floor, slowed?.agoMs],
  );
  return {
    nextAtMs: nextInMs,
    ratePerSecond,
    used,
    usedAtMs: -usedAgoMs,
    ...(slowed && { slowed: { ceiling: slowed.ceiling, floor: slowed.floor, atMs: -slowed.agoMs } }),
  };
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  if (actual === expected) return;
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} instead of ${expected}`);
}

/** The rule is asked at one instant and the statement a moment later; after a longer moment the two may rightly differ. */
const SAME_MOMENT_MS = 40;

describe('the statements of the rate limiter', () => {
  it('reserve as the pure rule does', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.option(row, { nil: undefined }), request, async (given, asked) => {
        const before = await writeRow(given);
        const writtenAt = performance.now();
        const expected = reserveSlots(before, { key: 'k', ...asked }, 0).grant;
        const actual = await store.reserve({ key: 'k', ...asked });
        if (performance.now() - writtenAt > SAME_MOMENT_MS) return;
        compared++;
        near(actual.ratePerSecond, expected.ratePerSecond, expected.ratePerSecond * 0.05, 'rate');
        near(
          actual.granted,
          expected.granted,
          expected.granted === 0 ? 0 : Math.max(1, expected.granted * 0.05),
          'granted',
        );
        near(actual.startsInMs, expected.startsInMs, 60, 'starts in');
        assert.equal(actual.slowed, expected.slowed);
      }),
      { numRuns: 150 },
    );
    assert.ok(compared > 0, 'the machine was too busy for a single comparison');
  });

  it('slow down as the pure rule does', async () => {
    let compared = 0;
    const slowDown = fc.record({
      ratePerSecond: fc.constantFrom(50, 3_000, Number.POSITIVE_INFINITY),
      observedPerSecond: fc.constantFrom(0, 30, 500),
      floorPerSecond: fc.constantFrom(1, 5),
      pauseMs: fc.constantFrom(0, 3_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.option(row, { nil: undefined }), slowDown, async (given, asked) => {
        const before = await writeRow(given);
        const writtenAt = performance.now();
        const expected = slowDownRow(before, { key: 'k', ...asked }, 0);
        await store.slowDown({ key: 'k', ...asked });
        const { rows } = await pool.query<{ ceiling: number; floor: number; ago: number; next: number }>(
          `SELECT ceiling, floor, extract(epoch FROM now() - slowed_at)::float8 * 1000 AS ago,
                  extract(epoch FROM next_at - now())::float8 * 1000 AS next FROM rate_slots`,
        );
        if (performance.now() - writtenAt > SAME_MOMENT_MS) return;
        compared++;
        const actual = rows[0]!;
        near(actual.ceiling, expected.slowed!.ceiling, expected.slowed!.ceiling * 0.05, 'ceiling');
        assert.equal(actual.floor, expected.slowed!.floor);
        near(actual.ago, -expected.slowed!.atMs, 60, 'slowed');
        near(actual.next, expected.nextAtMs, 60, 'next');
      }),
      { numRuns: 100 },
    );
    assert.ok(compared > 0, 'the machine was too busy for a single comparison');
  });

  it('keep granting after years of quiet and a clock that went back', async () => {
    for (const usedAt of ["now() - interval '3 years'", "now() + interval '1 hour'"]) {
      await pool.query(`TRUNCATE rate_slots`);
      await pool.query(
        `INSERT INTO rate_slots (key, next_at, rate, granted, used, used_at) VALUES ('k', now(), 1, 0, 1e300, ${usedAt})`,
      );
      const grant = await store.reserve({ key: 'k', ratePerSecond: 100, wanted: 5, chunkMs: 100, aheadMs: 100 });
      assert.equal(grant.granted, 5);
    }
  });
});

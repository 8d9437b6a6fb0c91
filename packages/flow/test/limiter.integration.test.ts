import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createRateStore, forgetIdleSlots } from '@outrigger/store/rate-slots';
import { openTestLedger } from '@outrigger/testkit';
import { createLimiter, type Limiter } from '../src/limiter.ts';

const { pool } = await openTestLedger();
const fail = (error: unknown): never => assert.fail(String(error));
const NEVER = new AbortController().signal;

/** Keeps `waiters` messages waiting at a limiter until `untilMs`, and notes when each was admitted. */
async function saturate(limiter: Limiter, rate: () => number, waiters: number, untilMs: number, admittedAt: number[]) {
  const one = async () => {
    while (performance.now() < untilMs) {
      const result = await limiter.acquire([{ key: 'account/a', ratePerSecond: rate() }], NEVER, 500);
      if ('waitedMs' in result) admittedAt.push(performance.now());
      else await delay(Math.max(1, Math.min(result.busyForMs, untilMs - performance.now())));
    }
  };
  await Promise.all(Array.from({ length: waiters }, one));
}

describe('a limiter over several processes on one ledger', () => {
  for (const [rate, instances] of [
    [20, 3],
    [1_000, 4],
  ] as const) {
    it(`keeps ${rate} a second over ${instances} instances, not ${instances} times as much`, {
      timeout: 60_000,
    }, async () => {
      await pool.query('TRUNCATE rate_slots');
      const admittedAt: number[] = [];
      const startedAt = performance.now();
      const forMs = 2_000;
      await Promise.all(
        Array.from({ length: instances }, () => {
          const limiter = createLimiter({ store: createRateStore(pool), onError: fail });
          return saturate(limiter, () => rate, 64, startedAt + forMs, admittedAt);
        }),
      );
      const inTime = admittedAt.filter((at) => at <= startedAt + forMs).toSorted((a, b) => a - b);
      // Real timers on a busy machine come late and then together, so the whole time is counted; what holds for every second is held
      // with a fake clock beside the limiter.
      const most = (rate * forMs) / 1_000;
      assert.ok(inTime.length <= most * 1.3 + 3, `${inTime.length} in two seconds`);
      assert.ok(inTime.length > 0);
    });
  }

  it('follows a changed rate, up and down', { timeout: 60_000 }, async () => {
    await pool.query('TRUNCATE rate_slots');
    const limiter = createLimiter({ store: createRateStore(pool), onError: fail });
    const counts: number[] = [];
    for (const rate of [200, 20, 400]) {
      const admittedAt: number[] = [];
      const startedAt = performance.now();
      await saturate(limiter, () => rate, 16, startedAt + 1_000, admittedAt);
      counts.push(admittedAt.filter((at) => at > startedAt + 200).length / rate);
    }
    for (const share of counts) assert.ok(share > 0.1 && share < 2.2, counts.join(' '));
  });

  it('sends every process at half of the rate after a throttle, and nobody while the provider asked to wait', async () => {
    await pool.query('TRUNCATE rate_slots');
    const [first, second] = [0, 1].map(() => createLimiter({ store: createRateStore(pool), onError: fail }));
    const key = { key: 'account/a', ratePerSecond: 100 };
    for (let i = 0; i < 100; i++) await first!.acquire([key], NEVER, 1_000);
    first!.throttled(key, 5_000);
    const row = await waitForRow();
    assert.ok(row.ceiling > 1 && row.ceiling <= 110, `throttled at ${row.ceiling}`);
    const told = await second!.acquire([key], NEVER, 100);
    assert.ok('busyForMs' in told && told.busyForMs > 4_000, JSON.stringify(told));
    await pool.query("UPDATE rate_slots SET next_at = now(), slowed_at = now() - interval '1 second'");
    const { ratePerSecond } = await createRateStore(pool).reserve({ ...key, wanted: 1, chunkMs: 100, aheadMs: 100 });
    assert.ok(ratePerSecond > row.ceiling * 0.5 && ratePerSecond < row.ceiling * 0.7, `${ratePerSecond}`);
    await pool.query("UPDATE rate_slots SET slowed_at = now() - interval '30 seconds'");
    const later = await createRateStore(pool).reserve({ ...key, wanted: 1, chunkMs: 100, aheadMs: 1_000 });
    assert.equal(later.ratePerSecond, 100);
  });

  it('goes on at its own share while the ledger is away', async () => {
    const errors: unknown[] = [];
    const away = async (): Promise<never> => {
      throw new Error('the ledger is away');
    };
    const store = { reserve: away, slowDown: away };
    const limiter = createLimiter({ store, onError: (error) => errors.push(error) });
    const startedAt = performance.now();
    for (let i = 0; i < 10; i++) {
      await limiter.acquire([{ key: 'account/a', ratePerSecond: 400 }], NEVER, 2_000);
    }
    assert.ok(performance.now() - startedAt > 100, 'ten slots at an eighth of 400 a second');
    assert.ok(errors.length > 0);
  });

  it('forgets rows that nobody used', async () => {
    await pool.query("UPDATE rate_slots SET used_at = now() - interval '2 days', next_at = used_at, slowed_at = NULL");
    assert.equal(await forgetIdleSlots(pool, 24 * 3_600_000), 0);
    await pool.query("UPDATE rate_slots SET next_at = now() - interval '2 days'");
    assert.equal(await forgetIdleSlots(pool, 24 * 3_600_000), 1);
  });
});

async function waitForRow(): Promise<{ ceiling: number }> {
  for (;;) {
    const { rows } = await pool.query<{ ceiling: number | null }>('SELECT ceiling FROM rate_slots');
    if (rows[0]?.ceiling) return { ceiling: rows[0].ceiling };
  }
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClock, type FakeClock } from '../test/fake-clock.ts';
import { mostInAnySecond } from '../test/windows.ts';
import { createLocalRateStore } from './gcra.ts';
import { type Admitted, createLimiter, type Limiter } from './limiter.ts';

const NEVER = new AbortController().signal;

describe('limiters on one store', () => {
  it('never exceed the rate in any second, and reach it, whatever the rate, their number and how late timers run', async () => {
    const cases = fc.record({
      rate: fc.integer({ min: 1, max: 1_500 }),
      instances: fc.integer({ min: 1, max: 6 }),
      waiters: fc.integer({ min: 1, max: 40 }),
      stepMs: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rate, instances, waiters, stepMs }) => {
        const clock = createFakeClock();
        const store = createLocalRateStore(clock.now);
        const admittedAt: number[] = [];
        const lastMs = 2_500;
        const work = Array.from({ length: instances }, () => createLimiter({ store, clock })).flatMap((limiter) =>
          Array.from({ length: waiters }, async () => {
            while (clock.now() < lastMs) {
              const result = await limiter.acquire([{ key: 'k', ratePerSecond: rate }], NEVER, 1_000);
              if ('waitedMs' in result) admittedAt.push(clock.now());
              else await new Promise<void>((resolve) => clock.after(result.busyForMs, resolve));
            }
          }),
        );
        while (clock.now() < lastMs) await clock.pass(stepMs);
        const most = mostInAnySecond(admittedAt);
        assert.ok(most <= rate * 1.05 + 2, `${most} in one second`);
        // A message that waits for every slot is needed to use every slot: timers of 40 ms serve 25 turns a second.
        if (waiters * instances >= rate * 0.1 && stepMs <= 20) {
          assert.ok(admittedAt.length >= rate * 2.5 * 0.9 - 2, `only ${admittedAt.length} of ${rate * 2.5}`);
        }
        let ended = false;
        void Promise.all(work).then(() => {
          ended = true;
        });
        while (!ended) await clock.pass(1_000);
      }),
      { numRuns: 15 },
    );
  });

  it('cost nothing for a key without a rate, until its provider throttles', async () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ store: createLocalRateStore(clock.now), clock });
    const key = { key: 'account/a', ratePerSecond: undefined };
    for (let i = 0; i < 50; i++) assert.deepEqual(await limiter.acquire([key], NEVER, 0), { waitedMs: 0 });
    limiter.throttled(key);
    const admitted = await countAdmitted(clock, limiter, key, 1_000);
    assert.ok(admitted >= 20 && admitted <= 32, `half of what went out in the last second: ${admitted}`);
    const later = await countAdmitted(clock, limiter, key, 29_000);
    assert.ok(later > 29 * 50, `back to the old rate and beyond: ${later}`);
  });

  it('settle within 15 % of what a provider allows, well below the stated rate', async () => {
    const clock = createFakeClock();
    const store = createLocalRateStore(clock.now);
    const limiters = [0, 1].map(() => createLimiter({ store, clock }));
    const key = { key: 'account/a', ratePerSecond: 400 };
    const allowed = 100;
    let tokens = allowed / 10;
    const accepted: number[] = [];
    let throttles = 0;
    const untilMs = 90_000;
    for (const limiter of [...limiters, ...limiters, ...limiters, ...limiters]) {
      void (async () => {
        while (clock.now() < untilMs) {
          if (!('waitedMs' in (await limiter.acquire([key], NEVER, 120_000)))) continue;
          if (tokens >= 1) {
            tokens--;
            accepted.push(clock.now());
          } else {
            throttles++;
            limiter.throttled(key);
          }
        }
      })();
    }
    while (clock.now() < untilMs) {
      await clock.pass(10);
      tokens = Math.min(allowed / 10, tokens + allowed / 100);
    }
    const settled = accepted.filter((at) => at > 30_000).length / 60;
    assert.ok(settled >= allowed * 0.85 && settled <= allowed, `${settled} a second`);
    assert.ok(throttles < accepted.length * 0.05, `${throttles} throttles`);
  });

  it('turn a message away without waiting when it cannot be served in time, and tell the next to come later', async () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ store: createLocalRateStore(clock.now), clock });
    const results: Admitted[] = [];
    for (let i = 0; i < 40; i++) {
      void limiter.acquire([{ key: 'k', ratePerSecond: 10 }], NEVER, 1_000).then((result) => results.push(result));
      await clock.pass(0);
    }
    const waits = results.flatMap((result) => ('busyForMs' in result ? [result.busyForMs] : []));
    assert.ok(waits.length >= 26 && waits.length < 40, `${waits.length} turned away`);
    assert.deepEqual(
      waits,
      waits.toSorted((a, b) => a - b),
    );
    assert.ok(waits.at(-1)! >= 3_500 && waits.at(-1)! <= 4_500, `the last one is told ${waits.at(-1)} ms`);
    for (let i = 0; i < 120; i++) await clock.pass(10);
    assert.equal(results.length, 40);
  });

  it('serve the urgent first', async () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ store: createLocalRateStore(clock.now), clock });
    const order: string[] = [];
    const key = { key: 'k', ratePerSecond: 10 };
    for (let i = 0; i < 8; i++) void limiter.acquire([key], NEVER, 5_000).then(() => order.push('bulk'));
    void limiter.acquire([key], NEVER, 5_000, { laneClass: 'standard' }).then(() => order.push('urgent'));
    for (let i = 0; i < 15; i++) await clock.pass(10);
    assert.ok(order.includes('urgent') && order.length <= 3, order.join(' '));
  });

  it('let standard and high throughput take turns, whoever of them is many, and bulk have the rest', async () => {
    for (const [many, few] of [
      ['ht', 'standard'],
      ['standard', 'ht'],
    ] as const) {
      const clock = createFakeClock();
      const limiter = createLimiter({ store: createLocalRateStore(clock.now), clock });
      const order: string[] = [];
      const ask = (laneClass: 'standard' | 'ht' | 'bulk') =>
        void limiter
          .acquire([{ key: 'k', ratePerSecond: 100 }], NEVER, 5_000, { laneClass })
          .then(() => order.push(laneClass));
      for (let i = 0; i < 20; i++) ask('bulk');
      for (let i = 0; i < 100; i++) ask(many);
      await clock.pass(10);
      const before = order.length;
      for (let i = 0; i < 5; i++) ask(few);
      for (let i = 0; i < 40; i++) await clock.pass(10);
      const since = order.slice(before);
      assert.ok(since.lastIndexOf(few) <= 10, since.join(' '));
      assert.equal(since.filter((one) => one === few).length, 5);
      assert.ok(!since.includes('bulk'), 'bulk waits for both');
      for (let i = 0; i < 200; i++) await clock.pass(10);
      assert.equal(order.length, 125, 'and gets what they leave');
    }
  });

  it('take a slot of every key, so that the slowest decides', async () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ store: createLocalRateStore(clock.now), clock });
    let admitted = 0;
    const keys = [
      { key: 'account/a', ratePerSecond: 1_000 },
      { key: 'campaign/c', ratePerSecond: 20 },
    ];
    for (let i = 0; i < 100; i++) void limiter.acquire(keys, NEVER, 60_000).then(() => admitted++);
    for (let i = 0; i < 200; i++) await clock.pass(5);
    assert.ok(admitted >= 19 && admitted <= 22, `${admitted}`);
  });

  it('stop waiting when the signal says so', async () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ store: createLocalRateStore(clock.now), clock });
    const stop = new AbortController();
    const keys = [{ key: 'k', ratePerSecond: 1 }];
    assert.ok('waitedMs' in (await limiter.acquire(keys, stop.signal, 100)));
    const waiting = limiter.acquire(keys, stop.signal, 10_000);
    await clock.pass(10);
    stop.abort();
    assert.ok('busyForMs' in (await waiting));
    assert.ok('busyForMs' in (await limiter.acquire(keys, stop.signal, 10_000)));
  });
});

async function countAdmitted(
  clock: FakeClock,
  limiter: Limiter,
  key: { key: string; ratePerSecond: number | undefined },
  forMs: number,
): Promise<number> {
  const untilMs = clock.now() + forMs;
  let admitted = 0;
  const one = async () => {
    while (clock.now() < untilMs) {
      const result = await limiter.acquire([key], NEVER, 1_000);
      if ('waitedMs' in result && clock.now() < untilMs) admitted++;
      if ('busyForMs' in result) await new Promise<void>((resolve) => clock.after(result.busyForMs, resolve));
    }
  };
  for (let i = 0; i < 8; i++) void one();
  while (clock.now() < untilMs) await clock.pass(10);
  return admitted;
}

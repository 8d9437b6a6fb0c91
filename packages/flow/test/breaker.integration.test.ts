import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { SendResult } from '@outrigger/core';
import { changeBreaker, readBreakers } from '@outrigger/store/breakers';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { type Breaker, type BreakerNews, type BreakerStore, createBreaker } from '../src/shared-breaker.ts';

const { pool } = await openTestLedger();
const NAME = 'account/email/a';
const AWAY: SendResult = { kind: 'refused', code: 'transient.unavailable', vendorCode: 'ECONNREFUSED' };
const FINE: SendResult = { kind: 'accepted', providerMessageId: '1' };

const ledger: BreakerStore = {
  read: (accounts) => readBreakers(pool, accounts),
  change: (change) => changeBreaker(pool, change),
};

/** Several processes' breakers whose clocks a test may put forward. */
async function start(count: number, store: BreakerStore = ledger) {
  const clock = { aheadMs: 0 };
  const news: BreakerNews[] = [];
  const breakers = Array.from({ length: count }, () =>
    createBreaker({
      store,
      accounts: [NAME],
      now: () => performance.now() + clock.aheadMs,
      pollMs: 60_000,
      onChange: (change) => news.push(change),
    }),
  );
  await pollAll(breakers);
  return { clock, news, breakers };
}

const pollAll = (breakers: Breaker[]) => Promise.all(breakers.map((breaker) => breaker.poll()));
const phase = async () => (await readBreakers(pool, [NAME]))[0]?.phase;

async function fail(breaker: Breaker, times = 5) {
  for (let i = 0; i < times; i++) {
    const pass = await breaker.enter(NAME);
    if (pass) breaker.leave(NAME, pass, AWAY);
  }
}

/** Others see a transition in the ledger a moment before the process that made it may begin the next one. */
const untilAdmitted = (breaker: Breaker) => waitFor('a pass', async () => (await breaker.enter(NAME)) ?? false);

describe('a breaker over several processes', () => {
  beforeEach(() => pool.query('TRUNCATE provider_breakers'));

  it('opens everywhere when one process sees the provider fail, and lets exactly one probe', async () => {
    const { breakers, clock, news } = await start(4);
    await fail(breakers[0]!);
    assert.equal(await breakers[0]!.enter(NAME), undefined, 'here at once');
    await waitFor('the row', async () => (await phase()) === 'open');
    await pollAll(breakers);
    for (const breaker of breakers) assert.equal(breaker.peek(NAME).kind, 'blocked');
    clock.aheadMs = 13_000;
    const passes = await Promise.all(breakers.flatMap((breaker) => [breaker.enter(NAME), breaker.enter(NAME)]));
    const won = passes.flatMap((pass, index) => (pass ? [{ pass, breaker: breakers[index >> 1]! }] : []));
    assert.equal(won.length, 1);
    assert.equal(won[0]!.pass.probe, true);
    won[0]!.breaker.leave(NAME, won[0]!.pass, FINE);
    await waitFor('closing', async () => (await phase()) === 'closed');
    await pollAll(breakers);
    for (const breaker of breakers) {
      assert.equal(breaker.peek(NAME).kind, 'admitted');
      assert.ok(breaker.share(NAME) < 0.2, 'comes back slowly');
    }
    assert.equal(news.filter((change) => change.phase === 'open').length, 4);
    assert.match(news[0]!.reason, /5 of the last 5 calls failed; transient.unavailable ECONNREFUSED/);
  });

  it('opens once when two processes see it at the same moment', async () => {
    const { breakers } = await start(2);
    await Promise.all(breakers.map((breaker) => fail(breaker)));
    const row = await waitFor('the row', async () => (await readBreakers(pool, [NAME]))[0]);
    await pollAll(breakers);
    assert.equal(row.version, 1);
    assert.equal(row.opens, 1);
  });

  it('stays open, longer, when the probe fails, and frees the probe when its call was not begun', async () => {
    const { breakers, clock } = await start(2);
    const [first, second] = breakers as [Breaker, Breaker];
    await fail(first);
    await waitFor('the row', async () => (await phase()) === 'open');
    await second.poll();
    clock.aheadMs = 13_000;
    const unused = await untilAdmitted(second);
    assert.ok(unused.probe);
    second.leave(NAME, unused, undefined);
    await waitFor('the probe to be free', async () => (await phase()) === 'open');
    await first.poll();
    const probe = await untilAdmitted(first);
    assert.ok(probe.probe);
    first.leave(NAME, probe, AWAY);
    await waitFor('the second pause', async () => (await readBreakers(pool, [NAME]))[0]?.opens === 2);
    const blocked = first.peek(NAME);
    assert.ok(blocked.kind === 'blocked' && blocked.retryInMs >= 14_000, JSON.stringify(blocked));
  });

  it('takes no notice of calls from before the last transition', async () => {
    const answered = Promise.withResolvers<void>();
    const { breakers, clock } = await start(1, {
      ...ledger,
      // The row is there for everybody before the process that wrote it has the answer.
      change: async (change) => {
        const won = await ledger.change(change);
        await answered.promise;
        return won;
      },
    });
    const breaker = breakers[0]!;
    const late = await Promise.all(Array.from({ length: 10 }, () => breaker.enter(NAME)));
    await fail(breaker);
    await waitFor('the row', async () => (await phase()) === 'open');
    clock.aheadMs = 13_000;
    assert.equal(await breaker.enter(NAME), undefined, 'nobody probes before the ledger has answered');
    answered.resolve();
    const probe = await untilAdmitted(breaker);
    assert.ok(probe.probe);
    breaker.leave(NAME, probe, FINE);
    for (const pass of late) breaker.leave(NAME, pass!, AWAY);
    assert.equal(breaker.peek(NAME).kind, 'admitted');
    await waitFor('closing', async () => (await phase()) === 'closed');
  });

  it('still closes the door for itself while the ledger is away, does not probe, and tells the ledger later', async () => {
    let isAway = false;
    const sometimes: BreakerStore = {
      read: async (accounts) => (isAway ? Promise.reject(new Error('away')) : ledger.read(accounts)),
      change: async (change) => (isAway ? Promise.reject(new Error('away')) : ledger.change(change)),
    };
    const { breakers, clock } = await start(1, sometimes);
    isAway = true;
    await fail(breakers[0]!);
    await breakers[0]!.poll();
    assert.equal(breakers[0]!.peek(NAME).kind, 'blocked');
    clock.aheadMs = 13_000;
    assert.equal(await breakers[0]!.enter(NAME), undefined);
    isAway = false;
    assert.equal(await phase(), undefined);
    await breakers[0]!.poll();
    assert.equal(await phase(), 'open');
    assert.ok((await breakers[0]!.enter(NAME))?.probe);
  });

  it('starts again when the rows are gone', async () => {
    const { breakers } = await start(1);
    await fail(breakers[0]!);
    await waitFor('the row', async () => (await phase()) === 'open');
    await pool.query('TRUNCATE provider_breakers');
    await breakers[0]!.poll();
    assert.equal(breakers[0]!.peek(NAME).kind, 'admitted');
    await fail(breakers[0]!);
    await waitFor('the row', async () => (await phase()) === 'open');
  });
});

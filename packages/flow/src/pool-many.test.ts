import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider, SendResult } from '@outrigger/core';
import fc from 'fast-check';
import { createLocalRateStore } from './gcra.ts';
import { createLimiter } from './limiter.ts';
import { accountKey, createPool, type PoolAccount } from './pool.ts';
import { createBreaker } from './shared-breaker.ts';

type Message = { messageId: string };
const NEVER = new AbortController().signal;
const GROUP = {};
const FINE: SendResult = { kind: 'accepted', providerMessageId: 'p-1' };
const AWAY: SendResult = { kind: 'refused', code: 'transient.unavailable', vendorCode: 'ECONNREFUSED' };
const DOUBT: SendResult = { kind: 'unknown', code: 'ambiguous.timeout', vendorCode: 'x' };

type Script = { answer(messageId: string): SendResult; single?: boolean };

function startPool(scripts: Record<string, Script>, settings: Record<string, Partial<PoolAccount<Message>>> = {}) {
  const calls: { account: string; messageIds: string[] }[] = [];
  const accounts = Object.entries(scripts).map(([name, { answer, single }]) => {
    const call = (messages: Message[]) => {
      calls.push({ account: name, messageIds: messages.map(({ messageId }) => messageId) });
      return messages.map(({ messageId }) => answer(messageId));
    };
    const provider: Provider<Message> = {
      name,
      send: async (message) => call([message])[0]!,
      ...(!single && { many: { limit: 50, groupOf: () => GROUP, send: async (messages) => call(messages) } }),
      close: async () => {},
    };
    return { name, provider, ...settings[name] };
  });
  const breaker = createBreaker({
    store: { read: async () => [], change: async () => Promise.reject(new Error('away')) },
    accounts: accounts.map(({ name }) => accountKey('email', name)),
  });
  const limiter = createLimiter({ store: createLocalRateStore(() => performance.now()) });
  return { pool: createPool({ channel: 'email', accounts, strategy: 'ordered', breaker, limiter }), calls };
}

const some = (count: number, first = 0) => Array.from({ length: count }, (_, n) => ({ messageId: `${first + n}` }));
const anyResult = fc.constantFrom<SendResult[]>(
  FINE,
  AWAY,
  DOUBT,
  { kind: 'refused', code: 'transient.throttled', vendorCode: 'x' },
  { kind: 'refused', code: 'permanent.recipient', vendorCode: 'x' },
);
const failsOver = (result: SendResult) =>
  result.kind === 'refused' && ['transient.unavailable', 'transient.throttled'].includes(result.code);

describe('a pool of accounts, several messages a call', () => {
  it('gives each message its own answer, and to a second account only after a certain refusal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyResult, anyResult), { minLength: 2, maxLength: 50 }),
        fc.boolean(),
        async (script, single) => {
          const { pool, calls } = startPool({
            a: { answer: (id) => script[Number(id)]![0] },
            b: { answer: (id) => script[Number(id)]![1], single },
          });
          const results = await pool.sendManyWith(some(script.length), NEVER, { maxWaitMs: 0 });
          script.forEach(([first, second], n) => {
            const given = calls.filter(({ messageIds }) => messageIds.includes(`${n}`)).map(({ account }) => account);
            if (!failsOver(first)) {
              assert.deepEqual(given, ['a']);
              assert.deepEqual(results[n], { ...first, account: 'a' });
              return;
            }
            assert.equal(given[0], 'a');
            assert.equal(new Set(given).size, given.length, 'no account twice');
            // The second may be out of service by then: then the first one's word stands.
            const said = given.length === 2 ? { ...second, account: 'b' } : { ...first, account: 'a' };
            assert.deepEqual(results[n], said);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('makes one call, and leaves all of it in doubt when its answer is lost', async () => {
    const { pool, calls } = startPool({ a: { answer: () => DOUBT }, b: { answer: () => FINE } });
    const results = await pool.sendManyWith(some(50), NEVER, {});
    assert.equal(calls.length, 1);
    assert.deepEqual(results, Array(50).fill({ ...DOUBT, account: 'a' }));
  });

  it('counts a call once for the breaker', async () => {
    const { pool, calls } = startPool({ a: { answer: () => DOUBT } });
    for (let n = 0; n < 4; n += 1) await pool.sendManyWith(some(50), NEVER, {});
    assert.equal(pool.blockedForMs(), 0, 'four failures');
    await pool.sendManyWith(some(50), NEVER, {});
    assert.ok(pool.blockedForMs() > 0, 'five failures');
    const [held] = await pool.sendManyWith(some(2), NEVER, {});
    assert.ok(held?.kind === 'refused' && held.vendorCode === 'breaker_open');
    assert.equal(calls.length, 5);
  });

  it('asks before the call which messages may be begun, and leaves out the others', async () => {
    const { pool, calls } = startPool({ a: { answer: () => FINE } });
    const even = (_: string, ids: readonly string[]) => ids.filter((id) => Number(id) % 2 === 0);
    const results = await pool.sendManyWith(some(4), NEVER, { beforeCall: even });
    assert.deepEqual(calls, [{ account: 'a', messageIds: ['0', '2'] }]);
    assert.deepEqual(
      results.map((result) => result?.kind),
      ['accepted', undefined, 'accepted', undefined],
    );
    assert.deepEqual(await pool.sendManyWith(some(2), NEVER, { beforeCall: () => [] }), [undefined, undefined]);
    assert.equal(calls.length, 1);
  });

  it('sends one by one through an account without such a call, and asks before each', async () => {
    const { pool, calls } = startPool({ a: { answer: () => FINE, single: true } });
    const asked: string[] = [];
    await pool.sendManyWith(some(3), NEVER, {
      beforeCall: (_, ids) => {
        asked.push(...ids);
        return ids;
      },
    });
    assert.deepEqual(asked.sort(), ['0', '1', '2']);
    assert.equal(calls.length, 3);
  });

  it('takes a slot for every message, so that a call costs as much of the rate as its messages alone', async () => {
    const { pool, calls } = startPool({ a: { answer: () => FINE } }, { a: { ratePerSecond: 100 } });
    const beganAt = performance.now();
    await pool.sendManyWith(some(50), NEVER, { maxWaitMs: 5_000 });
    await pool.sendManyWith(some(50, 50), NEVER, { maxWaitMs: 5_000 });
    const tookMs = performance.now() - beganAt;
    assert.ok(tookMs > 850, `${tookMs} ms for 100 messages at 100 a second`);
    assert.equal(calls.length, 2);
  });

  it('sends those that have a slot in time, and says of the others when to come again', async () => {
    const { pool, calls } = startPool({ a: { answer: () => FINE } }, { a: { ratePerSecond: 10 } });
    const results = await pool.sendManyWith(some(20), NEVER, { maxWaitMs: 450 });
    const sent = results.filter((result) => result?.kind === 'accepted').length;
    assert.ok(sent >= 3 && sent <= 6, `${sent} sent`);
    assert.equal(calls.flatMap(({ messageIds }) => messageIds).length, sent);
    for (const result of results.slice(sent))
      assert.ok(result?.kind === 'refused' && result.vendorCode === 'rate_limited');
  });

  it('hands over no more together than a call takes and the rate allows in a second', () => {
    const limitOf = (settings: object, single = false) =>
      startPool({ a: { answer: () => FINE, single } }, { a: settings }).pool.groupLimit();
    assert.equal(limitOf({}), 50);
    assert.equal(limitOf({ ratePerSecond: 14 }), 14);
    assert.equal(limitOf({ ratePerSecond: 0.5 }), 1);
    assert.equal(limitOf({}, true), 1);
  });

  it('takes a provider that throws, or answers for another number of messages, for one that left us in doubt', async () => {
    const { pool } = startPool({
      a: {
        answer: () => {
          throw new TypeError('a bug');
        },
      },
    });
    const results = await pool.sendManyWith(some(3), NEVER, {});
    for (const result of results) assert.ok(result?.kind === 'unknown' && result.code === 'ambiguous.response');
  });
});

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
const FINE: SendResult = { kind: 'accepted', providerMessageId: 'p-1' };
const AWAY: SendResult = { kind: 'refused', code: 'transient.unavailable', vendorCode: 'ECONNREFUSED' };

/** Providers that answer from a script, and the pool over them. `calls` notes who was given which message. */
function startPool(
  scripts: Record<string, (messageId: string) => SendResult>,
  options: { strategy?: 'ordered' | 'weighted'; accounts?: Record<string, Partial<PoolAccount<Message>>> } = {},
) {
  const calls: { account: string; messageId: string; result: SendResult }[] = [];
  const accounts = Object.entries(scripts).map(([name, script]) => {
    const provider: Provider<Message> = {
      name,
      async send({ messageId }) {
        const result = script(messageId);
        calls.push({ account: name, messageId, result });
        return result;
      },
      close: async () => {},
    };
    return { name, provider, ...options.accounts?.[name] };
  });
  const breaker = createBreaker({
    store: { read: async () => [], change: async () => Promise.reject(new Error('away')) },
    accounts: accounts.map(({ name }) => accountKey('email', name)),
  });
  const limiter = createLimiter({ store: createLocalRateStore(() => performance.now()) });
  const pool = createPool({ channel: 'email', accounts, strategy: options.strategy ?? 'ordered', breaker, limiter });
  return { pool, calls };
}

const anyResult = fc.constantFrom<SendResult[]>(
  FINE,
  AWAY,
  { kind: 'refused', code: 'transient.configuration', vendorCode: 'x' },
  { kind: 'refused', code: 'transient.throttled', vendorCode: 'x' },
  { kind: 'refused', code: 'transient.refused', vendorCode: 'x' },
  { kind: 'refused', code: 'permanent.recipient', vendorCode: 'x' },
  { kind: 'refused', code: 'permanent.content', vendorCode: 'x' },
  { kind: 'refused', code: 'permanent.configuration', vendorCode: 'x' },
  { kind: 'unknown', code: 'ambiguous.timeout', vendorCode: 'x' },
  { kind: 'unknown', code: 'ambiguous.response', vendorCode: 'x' },
);
const mayFailOver = (result: SendResult) =>
  result.kind === 'refused' &&
  ['transient.unavailable', 'transient.configuration', 'transient.throttled'].includes(result.code);

describe('a pool of accounts', () => {
  it('gives a message to a second account only when the first certainly refused it for the account alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyResult, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom<('ordered' | 'weighted')[]>('ordered', 'weighted'),
        async (script, strategy) => {
          const answer = (account: number) => (messageId: string) => script[Number(messageId)]![account]!;
          const { pool, calls } = startPool({ a: answer(0), b: answer(1), c: answer(2) }, { strategy });
          for (const messageId of script.keys()) {
            const result = await pool.sendWith({ messageId: String(messageId) }, NEVER, { maxWaitMs: 0 });
            const given = calls.filter((call) => call.messageId === String(messageId));
            assert.equal(new Set(given.map((call) => call.account)).size, given.length, 'no account twice');
            for (const earlier of given.slice(0, -1)) assert.ok(mayFailOver(earlier.result), JSON.stringify(given));
            const last = given.at(-1);
            if (last) assert.deepEqual(result, { ...last.result, account: last.account });
            else assert.ok(result?.kind === 'refused' && result.account === undefined && result.retryAfterMs! > 0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps to the order of its accounts', async () => {
    const { pool, calls } = startPool({ a: () => AWAY, b: () => FINE });
    for (let i = 0; i < 10; i++) assert.equal((await pool.send({ messageId: `${i}` }, NEVER)).account, 'b');
    assert.equal(calls.filter((call) => call.account === 'a').length, 5, 'then its breaker is open');
  });

  it('shares by weight, the same for the same message', async () => {
    const { pool } = startPool(
      { a: () => FINE, b: () => FINE },
      { strategy: 'weighted', accounts: { a: { weight: 3 }, b: { weight: 1 } } },
    );
    const gaveTo = async () => {
      const accounts: (string | undefined)[] = [];
      for (let i = 0; i < 2_000; i++) accounts.push((await pool.send({ messageId: `message-${i}` }, NEVER)).account);
      return accounts;
    };
    const first = await gaveTo();
    const share = first.filter((account) => account === 'a').length / first.length;
    assert.ok(share > 0.72 && share < 0.78, `${share}`);
    assert.deepEqual(await gaveTo(), first);
  });

  it('uses another account while the first has no slot', async () => {
    const { pool, calls } = startPool({ a: () => FINE, b: () => FINE }, { accounts: { a: { ratePerSecond: 1 } } });
    for (let i = 0; i < 3; i++) await pool.send({ messageId: `${i}` }, NEVER);
    assert.deepEqual(
      calls.map((call) => call.account),
      ['a', 'b', 'b'],
    );
  });

  it('says when to come again while every account is out of service or full', async () => {
    const out = startPool({ a: () => AWAY });
    for (let i = 0; i < 5; i++) await out.pool.send({ messageId: `${i}` }, NEVER);
    const blocked = await out.pool.send({ messageId: 'm' }, NEVER);
    assert.ok(blocked.kind === 'refused' && blocked.vendorCode === 'breaker_open', JSON.stringify(blocked));
    assert.equal(blocked.code, 'transient.unavailable');
    assert.ok(blocked.retryAfterMs! > 7_000 && out.pool.blockedForMs() > 7_000);
    const full = startPool({ a: () => FINE }, { accounts: { a: { ratePerSecond: 1 } } });
    assert.equal(full.pool.blockedForMs(), 0);
    await full.pool.send({ messageId: '1' }, NEVER);
    const limited = await full.pool.sendWith({ messageId: '2' }, NEVER, { maxWaitMs: 100 });
    assert.ok(limited?.kind === 'refused' && limited.vendorCode === 'rate_limited', JSON.stringify(limited));
    assert.equal(limited.code, 'transient.throttled');
    assert.ok(limited.retryAfterMs! > 500);
  });

  it('follows the choice of the channel configuration', async () => {
    const { pool } = startPool({ a: () => FINE, b: () => FINE, c: () => FINE });
    const choose = async (accounts: string[]) =>
      pool.sendWith({ messageId: 'm' }, NEVER, { choice: { strategy: 'ordered', accounts } });
    assert.equal((await choose(['c', 'a']))?.account, 'c');
    assert.equal((await choose(['gone', 'b']))?.account, 'b');
    const none = await choose(['gone']);
    assert.ok(none?.kind === 'refused' && none.vendorCode === 'no_such_account');
  });

  it('asks right before each call whether it may start', async () => {
    const { pool, calls } = startPool({ a: () => AWAY, b: () => FINE });
    const asked: string[] = [];
    const beforeCall = (account: string) => asked.push(account) < 2;
    const result = await pool.sendWith({ messageId: 'm' }, NEVER, { beforeCall });
    assert.deepEqual(asked, ['a', 'b']);
    assert.deepEqual(result, { ...AWAY, account: 'a' });
    assert.equal(calls.length, 1);
    assert.equal(await pool.sendWith({ messageId: 'n' }, NEVER, { beforeCall: () => false }), undefined);
  });

  it('takes a provider that throws for one that left us in doubt', async () => {
    const { pool } = startPool({
      a: () => {
        throw new TypeError('a bug');
      },
      b: () => FINE,
    });
    const result = await pool.send({ messageId: 'm' }, NEVER);
    assert.deepEqual(result, {
      kind: 'unknown',
      code: 'ambiguous.response',
      vendorCode: 'thrown TypeError',
      account: 'a',
    });
  });
});

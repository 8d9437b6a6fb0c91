import type { Channel, Provider } from '@outrigger/core';
import {
  accountKey,
  type ConfiguredAccount,
  createBreaker,
  createLimiter,
  createPool,
  DEFAULT_BREAKER,
  type PooledProvider,
  startRateReader,
} from '@outrigger/flow';
import { breakerOpen } from '@outrigger/metrics';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import { type AccountAbilities, openPool, type PoolOptions } from '@outrigger/store';
import { changeBreaker, readBreakers } from '@outrigger/store/breakers';
import { createRateStore } from '@outrigger/store/rate-slots';

/**
 * Brings up a channel's provider accounts behind one pool, with rates and breakers that all workers share through the
 * ledger. They have connections of their own: a slot must not wait behind a claim.
 */
export async function startProviderPool<Config, Message extends { messageId: string }>(options: {
  channel: Channel;
  accounts: ConfiguredAccount<Config>[];
  createProvider(config: Config): Provider<Message>;
  ledger: PoolOptions;
  log: Log;
  probeLeaseMs: number;
}): Promise<{ provider: PooledProvider<Message>; abilities: AccountAbilities[]; part: Part }> {
  const { channel, log } = options;
  const pool = openPool({ ...options.ledger, maxConnections: 2, statementTimeoutMs: 1_000 });
  const accounts = options.accounts.map(({ config, ...account }) => ({
    ...account,
    provider: options.createProvider(config),
  }));
  const limiter = createLimiter({
    store: createRateStore(pool),
    onError: (error) => log.warn({ event: 'limiter.alone', ...errorFields(error) }),
  });
  const breaker = createBreaker({
    store: { read: (names) => readBreakers(pool, names), change: (change) => changeBreaker(pool, change) },
    accounts: accounts.map((account) => accountKey(channel, account.name)),
    policy: { ...DEFAULT_BREAKER, probeLeaseMs: options.probeLeaseMs },
    onChange: (news) => {
      breakerOpen.set({ account: news.account }, news.phase === 'open' ? 1 : 0);
      log.warn({ event: 'breaker.changed', ...news });
    },
    onError: (error) => log.warn({ event: 'breaker.alone', ...errorFields(error) }),
  });
  const rates = startRateReader({
    accounts,
    onRate: (account, ratePerSecond) => log.info({ event: 'provider.rate', account, rate_per_second: ratePerSecond }),
    onError: (account, error) => log.warn({ event: 'provider.rate_unknown', account, ...errorFields(error) }),
  });
  await breaker.poll();
  const provider = createPool<Message>({
    channel,
    accounts,
    strategy: 'ordered',
    breaker,
    limiter,
    rateOf: rates.rateOf,
  });
  return {
    provider,
    abilities: accounts.map(({ name, provider: own }) => ({ account: name, abilities: [...(own.abilities ?? [])] })),
    part: {
      name: 'provider pool',
      async stop() {
        rates.stop();
        breaker.stop();
        await provider.close();
        await pool.end();
      },
    },
  };
}

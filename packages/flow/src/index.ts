export {
  type AccountProblem,
  accountsFrom,
  accountsVariable,
  type ConfiguredAccount,
} from './accounts-config.ts';
export { type BreakerPolicy, DEFAULT_BREAKER } from './breaker.ts';
export { type Admitted, type Clock, createLimiter, type Limiter, type RateKey } from './limiter.ts';
export {
  accountKey,
  createPool,
  type PoolAccount,
  type PooledProvider,
  type PooledSendOptions,
  type PoolStrategy,
} from './pool.ts';
export type { ManySendOptions } from './pool-many.ts';
export type { PooledResult } from './pool-result.ts';
export { type RateReader, startRateReader } from './rate-reader.ts';
export { type Breaker, type BreakerNews, type BreakerStore, createBreaker } from './shared-breaker.ts';

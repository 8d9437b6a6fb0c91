import { type LaneClass, NOT_BEGUN, type Provider, type SendResult } from '@outrigger/core';
import { limiterWaitSeconds, providerSeconds } from '@outrigger/metrics';
import { withDeadline } from './call-deadline.ts';
import type { Limiter, RateKey } from './limiter.ts';
import { pickByWeight } from './pick.ts';
import { createSendMany, type ManySendOptions } from './pool-many.ts';
import { breakerOpen, failsOver, NO_ACCOUNT, type PooledResult, rateLimited, thrown } from './pool-result.ts';
import type { Breaker } from './shared-breaker.ts';

export type PoolStrategy = 'ordered' | 'weighted';

export type PoolAccount<Message> = {
  name: string;
  provider: Provider<Message>;
  ratePerSecond?: number;
  /** Its part of the messages under `weighted`; 1 unless stated. */
  weight?: number;
};

export type PooledSendOptions = {
  /** Other limits that the message must keep: campaign, tenant, brakes. */
  limits?: RateKey[];
  /** Further limits of one account: brakes on it. */
  accountLimits?: (account: string) => RateKey[];
  /** Longest wait for slots, all accounts together. */
  maxWaitMs?: number;
  /** Which messages that wait in this process it goes before. */
  laneClass?: LaneClass;
  /** The configuration's own choice among the pool's accounts. */
  choice?: { strategy: PoolStrategy; accounts: string[] };
  /** Longest time of one provider call, from its start; without it `signal` alone ends a call. */
  callTimeoutMs?: number;
  /**
   * Called right before each provider call, when everything else is decided: the place for the journal line and the lease
   * check. False means that no call may start any more: `send` then answers undefined (or what an earlier account said).
   */
  beforeCall?: (account: string) => boolean;
};

/** Several accounts that look like one provider, to which a message is given at most once unless it was certainly refused. */
export type PooledProvider<Message> = Omit<Provider<Message>, 'send' | 'many'> & {
  /** Names of the accounts, in the order of preference. */
  readonly accounts: readonly string[];
  send(message: Message, signal: AbortSignal): Promise<PooledResult>;
  /** `signal` ends the waiting and, without `callTimeoutMs`, the calls. Undefined: `beforeCall` forbade the first call. */
  sendWith(message: Message, signal: AbortSignal, options: PooledSendOptions): Promise<PooledResult | undefined>;
  /** As `sendWith`, for messages of one group: one result a message, in their order. */
  sendManyWith(
    messages: Message[],
    signal: AbortSignal,
    options: ManySendOptions,
  ): Promise<(PooledResult | undefined)[]>;
  /** Messages with the same group may go out in one call; undefined for one that goes by itself. */
  groupOf(message: Message): object | undefined;
  /** How many messages of a group may be handed over together now: what a call takes, and what the rates allow in a second. */
  groupLimit(): number;
  /** How long there is nothing to be sent because every account is out of service; 0 when one may be called. */
  blockedForMs(choice?: PooledSendOptions['choice']): number;
};

/** The key of a provider account's row, in limits and breakers alike. */
export function accountKey(channel: string, account: string): string {
  return `account/${channel}/${account}`;
}

const DEFAULT_MAX_WAIT_MS = 2_000;
/** With several accounts, the first one is not waited for longer than this while another may have a slot at once. */
const OVERFLOW_AFTER_MS = 150;
/** An account without a known rate rises from a part of this when it comes back. */
const RAMP_RATE = 500;

/**
 * A pool over the accounts of one channel. `breaker` must know the `accountKey` of each. `rateOf` tells a rate that an account
 * learned from its provider; a stated one wins.
 */
export function createPool<Message extends { messageId: string }>(pool: {
  channel: string;
  accounts: PoolAccount<Message>[];
  strategy: PoolStrategy;
  breaker: Breaker;
  limiter: Limiter;
  rateOf?: (account: string) => number | undefined;
}): PooledProvider<Message> {
  const { breaker, limiter } = pool;
  const members = pool.accounts.map((account) => ({
    ...account,
    key: accountKey(pool.channel, account.name),
    weight: account.weight ?? 1,
  }));
  type Member = (typeof members)[number];

  function chosen(choice: PooledSendOptions['choice']): Member[] {
    if (!choice) return members;
    return choice.accounts.flatMap((name) => members.find((member) => member.name === name) ?? []);
  }

  function inOrder(messageId: string, choice: PooledSendOptions['choice']): Member[] {
    const among = chosen(choice);
    return (choice?.strategy ?? pool.strategy) === 'weighted' ? pickByWeight(among, messageId) : among;
  }

  function rateKey(member: Member): RateKey {
    const rate = member.ratePerSecond ?? pool.rateOf?.(member.name);
    const share = breaker.share(member.key);
    return { key: member.key, ratePerSecond: share < 1 ? (rate ?? RAMP_RATE) * share : rate };
  }

  async function call(member: Member, message: Message, signal: AbortSignal): Promise<SendResult> {
    const stopTimer = providerSeconds.startTimer({ account: member.name });
    try {
      const result = await member.provider.send(message, signal);
      stopTimer({ result: result.kind });
      return result;
    } catch (error) {
      return thrown(error);
    }
  }

  /** One account: wait for its slot, ask its breaker, call, report. */
  async function attempt(
    member: Member,
    message: Message,
    signal: AbortSignal,
    maxWaitMs: number,
    tentative: boolean,
    options: PooledSendOptions,
  ): Promise<Attempt> {
    const blocked = breaker.peek(member.key);
    if (blocked.kind === 'blocked') return { kind: 'blocked', retryInMs: blocked.retryInMs };
    const limit = rateKey(member);
    const limits = [limit, ...(options.accountLimits?.(member.name) ?? [])];
    const slot = await limiter.acquire(limits, signal, maxWaitMs, { laneClass: options.laneClass, tentative });
    if ('busyForMs' in slot) return { kind: 'busy', retryInMs: slot.busyForMs };
    limiterWaitSeconds.observe(slot.waitedMs / 1_000);
    const entering = breaker.enter(member.key);
    const pass = entering instanceof Promise ? await entering : entering;
    if (!pass) {
      const now = breaker.peek(member.key);
      return { kind: 'blocked', retryInMs: now.kind === 'blocked' ? now.retryInMs : 1_000 };
    }
    if (signal.aborted || options.beforeCall?.(member.name) === false) {
      breaker.leave(member.key, pass, undefined);
      return { kind: 'forbidden' };
    }
    const result = await withDeadline(options.callTimeoutMs, signal, (until) => call(member, message, until));
    breaker.leave(member.key, pass, result);
    if (result.kind === 'refused' && result.code === 'transient.throttled') {
      limiter.throttled(limit, result.retryAfterMs);
    }
    return { kind: 'called', result: { ...result, account: member.name } };
  }

  async function sendWith(
    message: Message,
    signal: AbortSignal,
    options: PooledSendOptions,
  ): Promise<PooledResult | undefined> {
    const { limits = [], maxWaitMs = DEFAULT_MAX_WAIT_MS, laneClass } = options;
    const order = inOrder(message.messageId, options.choice);
    if (order.length === 0) return NO_ACCOUNT;
    const blockedMs = blockedForMs(order);
    if (blockedMs > 0) return breakerOpen(blockedMs);
    const startedAtMs = performance.now();
    const leftMs = () => Math.max(0, maxWaitMs - (performance.now() - startedAtMs));
    if (limits.length > 0) {
      const slot = await limiter.acquire(limits, signal, maxWaitMs, { laneClass });
      if ('busyForMs' in slot) return rateLimited(slot.busyForMs);
    }
    let refused: PooledResult | undefined;
    let rest = order;
    const soonest = { blocked: Number.POSITIVE_INFINITY, busy: Number.POSITIVE_INFINITY };
    // First whoever is free at once; then those who only lacked a slot are waited for, in the same order.
    for (const patienceMs of order.length > 1 ? [OVERFLOW_AFTER_MS, Number.POSITIVE_INFINITY] : [Infinity]) {
      const again: Member[] = [];
      for (const member of rest) {
        const tried = await attempt(
          member,
          message,
          signal,
          Math.min(patienceMs, leftMs()),
          patienceMs < Infinity,
          options,
        );
        if (tried.kind === 'forbidden') return refused ?? (signal.aborted ? NOT_BEGUN : undefined);
        if (tried.kind === 'called') {
          if (!failsOver(tried.result)) return tried.result;
          refused = tried.result;
          continue;
        }
        soonest[tried.kind] = Math.min(soonest[tried.kind], tried.retryInMs);
        if (tried.kind === 'busy') again.push(member);
      }
      rest = again;
    }
    if (refused) return refused;
    return soonest.busy < Number.POSITIVE_INFINITY ? rateLimited(soonest.busy) : breakerOpen(soonest.blocked);
  }

  function blockedForMs(among: Member[]): number {
    const waits = among.map((member) => breaker.peek(member.key));
    return Math.min(...waits.map((wait) => (wait.kind === 'blocked' ? Math.max(1, wait.retryInMs) : 0)));
  }

  function groupLimit(member: Member): number {
    const rate = rateKey(member).ratePerSecond ?? Number.POSITIVE_INFINITY;
    return Math.min(member.provider.many?.limit ?? 1, Math.floor(rate));
  }

  return {
    name: members.map((member) => member.name).join('+'),
    accounts: members.map((member) => member.name),
    sendWith,
    sendManyWith: createSendMany({ breaker, limiter, inOrder, rateKey, sendAlone: sendWith }),
    groupOf(message) {
      for (const { provider } of members) {
        const group = provider.many?.groupOf(message);
        if (group) return group;
      }
      return undefined;
    },
    groupLimit: () => Math.max(1, ...members.map(groupLimit)),
    send: async (message, signal) => (await sendWith(message, signal, {})) ?? NOT_BEGUN,
    blockedForMs: (choice) => (chosen(choice).length === 0 ? 0 : blockedForMs(chosen(choice))),
    async close() {
      await Promise.all(members.map((member) => member.provider.close()));
    },
  };
}

type Attempt =
  | { kind: 'called'; result: PooledResult }
  | { kind: 'blocked'; retryInMs: number }
  | { kind: 'busy'; retryInMs: number }
  | { kind: 'forbidden' };

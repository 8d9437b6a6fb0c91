import { NOT_BEGUN, type Provider, type SendResult } from '@outrigger/core';
import { limiterWaitSeconds, providerSeconds } from '@outrigger/metrics';
import { withDeadline } from './call-deadline.ts';
import type { Limiter, RateKey } from './limiter.ts';
import type { PooledSendOptions } from './pool.ts';
import { breakerOpen, failsOver, NO_ACCOUNT, type PooledResult, rateLimited, thrown } from './pool-result.ts';
import type { Breaker } from './shared-breaker.ts';

export type ManySendOptions = Omit<PooledSendOptions, 'beforeCall'> & {
  /** As `PooledSendOptions.beforeCall`, once for all messages of a call: answers the ids of those that may be begun. */
  beforeCall?: (account: string, messageIds: readonly string[]) => readonly string[];
};

type Member<Message> = { name: string; key: string; provider: Provider<Message> };
type Results<Message> = Map<Message, PooledResult | undefined>;

const DEFAULT_MAX_WAIT_MS = 2_000;
/** As in the single send: while another account may have slots at once, one is not waited for longer. */
const OVERFLOW_AFTER_MS = 150;

/**
 * Hands over messages of one group (`SendMany.groupOf`) together. It keeps the rules of a single send: a message takes a slot of
 * every limit, is announced before the call, and goes to a second account only when the first certainly refused it for the
 * account alone. A call counts once for the breaker, and a probe is made with one message. Undefined: not begun.
 */
export function createSendMany<Message extends { messageId: string }>(deps: {
  breaker: Breaker;
  limiter: Limiter;
  inOrder(messageId: string, choice: PooledSendOptions['choice']): Member<Message>[];
  rateKey(member: Member<Message>): RateKey;
  sendAlone(message: Message, signal: AbortSignal, options: PooledSendOptions): Promise<PooledResult | undefined>;
}) {
  const { breaker, limiter } = deps;

  return async function sendMany(
    messages: Message[],
    signal: AbortSignal,
    options: ManySendOptions,
  ): Promise<(PooledResult | undefined)[]> {
    const { limits = [], maxWaitMs = DEFAULT_MAX_WAIT_MS, laneClass, beforeCall } = options;
    const results: Results<Message> = new Map();
    const settle = (of: Message[], result: PooledResult | undefined) => {
      for (const message of of) results.set(message, result);
    };
    const endMs = performance.now() + maxWaitMs;
    const leftMs = () => Math.max(0, endMs - performance.now());

    const slots = await limiter.acquireMany(limits, messages.length, signal, maxWaitMs, { laneClass });
    if ('busyForMs' in slots) return messages.map(() => rateLimited(slots.busyForMs));
    settle(messages.slice(slots.count), rateLimited(1));
    await through(deps.inOrder(messages[0]!.messageId, options.choice), messages.slice(0, slots.count));
    return messages.map((message) => results.get(message));

    /** Settles each message with what the accounts say of it, in their order. */
    async function through([member, ...others]: Member<Message>[], sent: Message[]): Promise<void> {
      if (!member) return settle(sent, NO_ACCOUNT);
      if (!member.provider.many || sent.length === 1) return oneByOne([member, ...others], sent);
      /** No call of this account's: the next one's, or none. */
      const passOn = (of: Message[], otherwise: PooledResult) =>
        others.length > 0 && of.length > 0 ? through(others, of) : settle(of, otherwise);

      const blocked = breaker.peek(member.key);
      if (blocked.kind === 'blocked') return passOn(sent, breakerOpen(blocked.retryInMs));
      const limit = deps.rateKey(member);
      const patienceMs = others.length > 0 ? Math.min(OVERFLOW_AFTER_MS, leftMs()) : leftMs();
      const tentative = others.length > 0;
      const own = [limit, ...(options.accountLimits?.(member.name) ?? [])];
      const slot = await limiter.acquireMany(own, sent.length, signal, patienceMs, { laneClass, tentative });
      if ('busyForMs' in slot) return passOn(sent, rateLimited(slot.busyForMs));
      limiterWaitSeconds.observe(slot.waitedMs / 1_000);
      const pass = await breaker.enter(member.key);
      if (!pass) return passOn(sent, breakerOpen(1_000));
      const wanted = sent.slice(0, pass.probe ? 1 : slot.count);
      const begun = signal.aborted ? [] : announced(member.name, wanted);
      settle(wanted, signal.aborted ? NOT_BEGUN : undefined);
      if (begun.length === 0) breaker.leave(member.key, pass, undefined);
      else {
        const answers = await call(member, begun);
        breaker.leave(member.key, pass, representative(answers));
        const throttle = answers.find((answer) => answer.kind === 'refused' && answer.code === 'transient.throttled');
        if (throttle?.kind === 'refused') limiter.throttled(limit, throttle.retryAfterMs);
        begun.forEach((message, index) => {
          results.set(message, { ...answers[index]!, account: member.name });
        });
        const refused = begun.filter((message) => failsOver(results.get(message)!));
        if (others.length > 0 && refused.length > 0) await orElse(refused, () => through(others, refused));
      }
      const left = sent.slice(wanted.length);
      if (left.length > 0) await passOn(left, pass.probe ? breakerOpen(1_000) : rateLimited(1));
    }

    async function oneByOne(order: Member<Message>[], sent: Message[]): Promise<void> {
      const choice = { strategy: 'ordered' as const, accounts: order.map(({ name }) => name) };
      await Promise.all(
        sent.map(async (message) => {
          const may = beforeCall && ((account: string) => beforeCall(account, [message.messageId]).length > 0);
          const alone = { ...options, limits: [], maxWaitMs: leftMs(), choice, beforeCall: may };
          results.set(message, await deps.sendAlone(message, signal, alone));
        }),
      );
    }

    /** A message that no other account was called for keeps what the one before said. */
    async function orElse(of: Message[], next: () => Promise<void>): Promise<void> {
      const before = of.map((message) => results.get(message));
      await next();
      of.forEach((message, index) => {
        if (results.get(message)?.account === undefined) results.set(message, before[index]);
      });
    }

    function announced(account: string, wanted: Message[]): Message[] {
      if (!beforeCall) return wanted;
      const ids = new Set(
        beforeCall(
          account,
          wanted.map(({ messageId }) => messageId),
        ),
      );
      return wanted.filter(({ messageId }) => ids.has(messageId));
    }

    async function call(member: Member<Message>, begun: Message[]): Promise<SendResult[]> {
      const stopTimer = providerSeconds.startTimer({ account: member.name });
      try {
        const many = member.provider.many!;
        const answers = await withDeadline(options.callTimeoutMs, signal, (until) => many.send(begun, until));
        if (answers.length !== begun.length) throw new RangeError('one result a message');
        stopTimer({ result: representative(answers).kind });
        return answers;
      } catch (error) {
        return begun.map(() => thrown(error));
      }
    }
  };
}

/** What a call says of its account: one yes proves that it works; a doubt weighs more than a refusal. */
function representative(answers: SendResult[]): SendResult {
  return (
    answers.find(({ kind }) => kind === 'accepted') ?? answers.find(({ kind }) => kind === 'unknown') ?? answers[0]!
  );
}

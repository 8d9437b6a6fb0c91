import type { ChannelPort, SendResult } from '@outrigger/core';
import { errorFields, type Log } from '@outrigger/runtime';
import { type ClaimedMessage, denylistTokens, type Pool } from '@outrigger/store';

/** Notes which of a message's addresses the provider called dead. */
export type Denylist<Message> = (
  message: ClaimedMessage,
  messages: readonly Message[],
  results: readonly SendResult[],
) => Promise<void>;

/**
 * Marks dead push tokens in the profile that they are stored in, so that no later message is sent to them (spec 12.3). High
 * throughput and external recipients have no profile that could be marked. When the ledger is away nothing is marked: the next
 * message finds it out again. Undefined for channels whose addresses do not die.
 */
export function createDenylist<Settings, Target, Message>(deps: {
  pool: Pool;
  channel: ChannelPort<Settings, Target, Message>;
  log: Log;
}): Denylist<Message> | undefined {
  const { tokenOf } = deps.channel;
  if (!tokenOf) return undefined;
  return async ({ messageId, tenantId, recipient }, messages, results) => {
    const dead = messages.filter((_, place) => isDead(results[place])).map(tokenOf);
    if (dead.length === 0 || recipient.type !== 'aep') return;
    try {
      const identity = { namespace: recipient.namespace, value: recipient.userId };
      await denylistTokens(deps.pool, tenantId, identity, dead, messageId);
      deps.log.info({ event: 'push.tokens_denylisted', message_id: messageId, tokens: dead.length });
    } catch (error) {
      deps.log.warn({ event: 'push.denylist_failed', message_id: messageId, ...errorFields(error) });
    }
  };
}

function isDead(result: SendResult | undefined): boolean {
  return result?.kind === 'refused' && result.code === 'permanent.recipient';
}

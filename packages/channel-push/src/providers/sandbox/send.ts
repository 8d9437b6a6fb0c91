import { once } from 'node:events';
import { answerWith, type KeepSandboxRecord, NOT_BEGUN, type Provider, type PushMessage } from '@outrigger/core';
import { buildPayload } from '../../payload/payload.ts';
import { SANDBOX_TOKENS, sandboxBehaviour } from './codes.ts';

/**
 * A provider that keeps what it is given, as the payload the phone would have got. What a real provider would have taken
 * is kept, also when the answer is played as lost.
 */
export function createSandboxProvider(keep: KeepSandboxRecord): Provider<PushMessage> {
  return {
    name: 'sandbox',
    async send(message, signal) {
      if (signal.aborted) return NOT_BEGUN;
      const { messageId, token, platform, appId } = message;
      const behaviour = sandboxBehaviour(token);
      const code = behaviour && SANDBOX_TOKENS[behaviour];
      if (code && !code.startsWith('ambiguous.')) return answerWith(code, `sandbox_${behaviour}`);
      try {
        const content = { platform, appId, payload: buildPayload(message) };
        await keep({ channel: 'push', messageId, recipient: token, content });
      } catch (error) {
        // Whether the record was kept is as unknown as with a provider whose answer got lost.
        return answerWith('ambiguous.response', 'sandbox_not_kept', { detail: String(error) });
      }
      if (behaviour === 'silent' && !signal.aborted) await once(signal, 'abort');
      if (code) return answerWith(code, `sandbox_${behaviour}`);
      return { kind: 'accepted', providerMessageId: `sandbox-${messageId}` };
    },
    async close() {},
  };
}

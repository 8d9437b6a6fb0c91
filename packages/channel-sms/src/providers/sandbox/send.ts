import { once } from 'node:events';
import { answerWith, type KeepSandboxRecord, NOT_BEGUN, type Provider, type SmsMessage } from '@outrigger/core';
import { SANDBOX_NO_RCS, SANDBOX_NUMBERS, sandboxEnding } from './codes.ts';

/**
 * A provider that keeps what it is given. What a real provider would have taken is kept, also when the answer is played
 * as lost.
 */
export function createSandboxProvider(keep: KeepSandboxRecord): Provider<SmsMessage> {
  return {
    name: 'sandbox',
    abilities: ['mms', 'rcs'],
    async send({ messageId, to, from, text, mms, rcs }, signal) {
      if (signal.aborted) return NOT_BEGUN;
      const ending = sandboxEnding(to);
      const code = ending && SANDBOX_NUMBERS[ending];
      if (code && !code.startsWith('ambiguous.')) return answerWith(code, `sandbox_${ending}`);
      const shown = to.endsWith(SANDBOX_NO_RCS) ? undefined : rcs;
      const content = { from, text, ...(mms && { mms }), ...(shown && { rcs: shown }) };
      try {
        await keep({ channel: 'sms', messageId, recipient: to, content });
      } catch (error) {
        // Whether the record was kept is as unknown as with a provider whose answer got lost.
        return answerWith('ambiguous.response', 'sandbox_not_kept', { detail: String(error) });
      }
      if (code === 'ambiguous.timeout' && !signal.aborted) await once(signal, 'abort');
      if (code) return answerWith(code, `sandbox_${ending}`);
      return { kind: 'accepted', providerMessageId: `sandbox-${messageId}` };
    },
    async close() {},
  };
}

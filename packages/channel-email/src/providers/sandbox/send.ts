import { once } from 'node:events';
import { answerWith, type EmailMessage, type KeepSandboxRecord, NOT_BEGUN, type Provider } from '@outrigger/core';
import { buildMime } from '../../mime.ts';
import { SANDBOX_RECIPIENTS, sandboxBehaviour } from './codes.ts';

/**
 * A provider that keeps what it is given. It builds the same raw message as the others, so that what a developer sees
 * is what would have gone out. What a real provider would have taken is kept, also when the answer is played as lost.
 */
export function createSandboxProvider(keep: KeepSandboxRecord): Provider<EmailMessage> {
  return {
    name: 'sandbox',
    async send(message, signal) {
      if (signal.aborted) return NOT_BEGUN;
      const behaviour = sandboxBehaviour(message.to);
      const code = behaviour && SANDBOX_RECIPIENTS[behaviour];
      if (code && !code.startsWith('ambiguous.')) return answerWith(code, `sandbox_${behaviour}`);
      try {
        await keep({ channel: 'email', messageId: message.messageId, recipient: message.to, content: shown(message) });
      } catch (error) {
        // Whether the record was kept is as unknown as with a provider whose answer got lost.
        return answerWith('ambiguous.response', 'sandbox_not_kept', { detail: String(error) });
      }
      if (behaviour === 'silent' && !signal.aborted) await once(signal, 'abort');
      if (code) return answerWith(code, `sandbox_${behaviour}`);
      return { kind: 'accepted', providerMessageId: `sandbox-${message.messageId}` };
    },
    async close() {},
  };
}

function shown(message: EmailMessage): Record<string, unknown> {
  return {
    from: message.from,
    ...(message.replyTo && { replyTo: message.replyTo }),
    to: message.to,
    subject: message.subject,
    html: message.html,
    text: message.text,
    headers: message.headers,
    ...(message.attachments && {
      attachments: message.attachments.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
    }),
    raw: buildMime(message, new Date()).toString('latin1'),
  };
}

import type { PooledProvider } from '@outrigger/flow';
import { type OpenSpan, startSpan } from '@outrigger/tracing';

/** The provider with a span around each hand-over, as children of the batch's; the provider itself when that is not recorded. */
export function tracedProvider<Message extends { messageId: string }>(
  provider: PooledProvider<Message>,
  batch: OpenSpan,
): PooledProvider<Message> {
  if (batch.traceparent === undefined) return provider;
  return {
    ...provider,
    async sendWith(message, signal, options) {
      const span = startSpan('hand over', {
        kind: 'client',
        parent: batch.traceparent,
        attributes: { 'outrigger.message_id': message.messageId },
      });
      const result = await provider.sendWith(message, signal, options);
      const outcome = result?.kind ?? 'not begun';
      const attributes = { 'outrigger.account': result?.account ?? '', 'outrigger.result': outcome };
      span.end(attributes, result === undefined || result.kind === 'accepted' ? undefined : result.code);
      return result;
    },
    async sendManyWith(messages, signal, options) {
      const attributes = { 'outrigger.messages': messages.length };
      const span = startSpan('hand over together', { kind: 'client', parent: batch.traceparent, attributes });
      const results = await provider.sendManyWith(messages, signal, options);
      const accepted = results.filter((result) => result?.kind === 'accepted').length;
      const other = results.find((result) => result !== undefined && result.kind !== 'accepted');
      span.end({ 'outrigger.accepted': accepted }, other && 'code' in other ? other.code : undefined);
      return results;
    },
  };
}

import type { ChannelPort, ComposeInput, Provider, SmsMessage, SmsSettings } from '@outrigger/core';
import { resolveSmsTargets, type SmsTarget } from './resolve.ts';

/** Spec 4.2. Counted in UTF-16 units, as phone networks and JavaScript do: an emoji is two or more. */
export const SMS_TEXT_LIMIT = 1_500;

/** SMS as the pipeline sees it. Opt-outs are consent of the profile, so there is no suppression list to look up. */
export function createSmsChannel(provider: Provider<SmsMessage>): ChannelPort<SmsSettings, SmsTarget, SmsMessage> {
  return {
    channel: 'sms',
    provider,
    resolveTargets: resolveSmsTargets,
    suppressionAddress: () => undefined,
    consentAddress: (target) => ({ namespace: 'phone', address: target.phoneNumber }),
    compose: composeSms,
  };
}

/** Expects one rendered part, `text`; reads nothing from `content`. */
function composeSms(
  input: ComposeInput<SmsSettings, SmsTarget>,
): { message: SmsMessage } | { failed: '050302'; detail: string } {
  const text = input.parts.text ?? '';
  const problem = problemOf(text);
  if (problem !== undefined) return { failed: '050302', detail: problem };
  return {
    message: {
      messageId: input.messageId,
      to: input.target.phoneNumber,
      // resolveTargets refuses a configuration without a sender.
      from: input.settings.sender?.trim() ?? '',
      text,
      category: input.category,
    },
  };
}

function problemOf(text: string): string | undefined {
  if (text.trim() === '') return 'The text is empty.';
  if (text.length > SMS_TEXT_LIMIT) {
    return `The text has ${text.length} characters; ${SMS_TEXT_LIMIT} is the limit.`;
  }
  if (hasControlCharacter(text)) return 'The text holds a control character (NUL or another).';
  if (!text.isWellFormed()) return 'The text holds half of a character (a lone surrogate).';
  return undefined;
}

/** Tab, line breaks and form feed are text on a phone; no other C0 control character is. */
function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/.test(text);
}

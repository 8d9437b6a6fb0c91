import {
  type ChannelPort,
  type ComposeInput,
  type FailureCode,
  httpsProblem,
  type Provider,
  SMS_LIMIT,
  type SmsMessage,
  type SmsSettings,
} from '@outrigger/core';
import { composeRcs } from './rcs.ts';
import { resolveSmsTargets, type SmsTarget } from './resolve.ts';

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

type MessageType = keyof typeof SMS_LIMIT;
type Extra = Pick<SmsMessage, 'mms' | 'rcs'>;

/** Expects the rendered part `text`, for MMS `title` and `mediaUri`, for RCS what its templates became. */
function composeSms(
  input: ComposeInput<SmsSettings, SmsTarget>,
): { message: SmsMessage } | { failed: FailureCode; detail: string } {
  const text = input.parts.text ?? '';
  const messageType = (input.content.messageType ?? 'sms') as MessageType;
  const extra = extraOf(messageType, input);
  const problem = problemOf(text, SMS_LIMIT[messageType]) ?? ('problem' in extra ? extra.problem : undefined);
  if (problem !== undefined || 'problem' in extra) return { failed: '050302', detail: problem! };
  return {
    message: {
      messageId: input.messageId,
      to: input.target.phoneNumber,
      // resolveTargets refuses a configuration without a sender.
      from: input.settings.sender?.trim() ?? '',
      text,
      ...extra,
      category: input.category,
    },
  };
}

function extraOf(
  messageType: MessageType,
  { parts, content }: ComposeInput<SmsSettings, SmsTarget>,
): Extra | { problem: string } {
  switch (messageType) {
    case 'sms':
      return {};
    case 'mms': {
      const [title, mediaUri] = [parts.title?.trim() ?? '', parts.mediaUri?.trim() ?? ''];
      const problem = httpsProblem(mediaUri);
      return problem ? { problem: `The mediaUri ${problem}.` } : { mms: { ...(title !== '' && { title }), mediaUri } };
    }
    case 'rcs':
      return composeRcs(content.rcs ?? null, parts);
    default:
      return messageType satisfies never;
  }
}

function problemOf(text: string, limit: number): string | undefined {
  if (text.trim() === '') return 'The text is empty.';
  if (text.length > limit) return `The text has ${text.length} characters; ${limit} is the limit.`;
  if (hasControlCharacter(text)) return 'The text holds a control character (NUL or another).';
  if (!text.isWellFormed()) return 'The text holds half of a character (a lone surrogate).';
  return undefined;
}

/** Tab, line breaks and form feed are text on a phone; no other C0 control character is. */
function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/.test(text);
}

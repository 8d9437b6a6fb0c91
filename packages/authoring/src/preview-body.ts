import { fillRcs, type Preview, type PushContent, type SmsContent, type Variant } from '@outrigger/contracts';
import type { JsonObject } from '@outrigger/core';

type Shown = Preview extends infer One ? (One extends Preview ? Omit<One, 'profileId'> : never) : never;

/** Rendered parts as the preview of their channel (reference simulations.yaml). Texts lose the blanks that a message loses. */
export function previewBody(
  { variantId, action }: Pick<Variant, 'variantId' | 'action'>,
  settings: Record<string, unknown>,
  parts: Record<string, string>,
): Shown {
  // A package has one message, which goes by its id; without an experiment so does the message's one variant.
  const ids = { variantId, messageId: action.packageId! };
  switch (action.channel) {
    case 'EMAIL':
      return { ...ids, channel: 'email', subject: (parts.subject ?? '').trim(), html: { body: parts.html ?? '' } };
    case 'SMS':
      return { ...ids, channel: 'sms', text: parts.text ?? '', ...smsBody(action.content, parts) };
    case 'PUSH':
      return { ...ids, channel: 'push', ...pushBody(action.content, settings, parts) };
    default:
      return action satisfies never;
  }
}

function smsBody({ messageType, rcs }: SmsContent, parts: Record<string, string>) {
  const [title, mediaUri] = [parts.title?.trim(), parts.mediaUri?.trim()];
  const rich = messageType === 'rcs' ? rcs && fillRcs(rcs, (path) => (parts[`rcs:${path}`] ?? '').trim()) : undefined;
  return {
    messageType,
    ...(title && { title }),
    ...(mediaUri && { mediaUri }),
    ...(rich && { rcs: rich as unknown as JsonObject }),
  };
}

function pushBody(content: PushContent, { app_id: appId }: Record<string, unknown>, parts: Record<string, string>) {
  const { ios, android } = content;
  const [title, message] = [parts.title?.trim(), parts.message?.trim()];
  return {
    appNames: typeof appId === 'string' ? [appId] : [],
    pushType: content.pushType === 'silent' ? ('SILENT' as const) : ('MESSAGE' as const),
    ...(title && { title }),
    ...(message && { message }),
    ...(ios?.media && { ios: { media: ios.media } }),
    ...(android?.media && { android: { media: android.media } }),
  };
}

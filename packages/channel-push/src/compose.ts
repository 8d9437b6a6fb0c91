import type { PushContent } from '@outrigger/contracts';
import type { ComposeInput, PushMessage, PushSettings } from '@outrigger/core';
import { linkProblem } from './link.ts';
import { reservedCustomKey } from './payload/app-data.ts';
import { PUSH_PAYLOAD_LIMIT, payloadBytes } from './payload/payload.ts';
import { present } from './payload/present.ts';
import type { PushTarget } from './resolve.ts';

/** A rendered part whose name starts so becomes a member of the custom data: `custom:order_id`. */
const CUSTOM_PART = 'custom:';
/** Spec 4.3. */
const LONGEST_SOUND = 50;
/** `apns-collapse-id`, in bytes. */
const LONGEST_COLLAPSE_ID = 64;

type Composed = { message: PushMessage } | { failed: '050302'; detail: string };

/**
 * Puts rendered parts and static content together.
 * - parts: `title`, `message`, `badge`, `sound`, `uri` (of the interaction), `custom:<key>`. A part that renders to
 *   nothing is left out: an author's way to say "not for this one".
 * - content (spec 4.3, as stored with the version): `pushType`, `interaction.type`, `collapsibleKey`, and `ios` or
 *   `android`, whichever the token is of. All of it was checked when it was saved.
 */
export function composePush(input: ComposeInput<PushSettings, PushTarget>): Composed {
  const { messageId, target, parts } = input;
  const content = input.content as unknown as PushContent;
  const problem = problemOfParts(parts) ?? problemOfContent(content);
  if (problem !== undefined) return fail(problem);
  const pushType = content.pushType ?? 'message';
  const [title, text] = [filled(parts.title), filled(parts.message)];
  if (pushType === 'message' && title === undefined && text === undefined) return fail('Title and message are empty.');
  const interaction = interactionOf(content, parts);
  if ('problem' in interaction) return fail(interaction.problem);
  const message: PushMessage = present({
    messageId,
    ...target,
    pushType,
    title,
    message: text,
    badge: filled(parts.badge) === undefined ? undefined : Number(parts.badge),
    soundName: filled(parts.sound),
    collapsibleKey: content.collapsibleKey,
    interaction: interaction.uri === undefined ? undefined : interaction,
    customProperties: customProperties(parts),
    ...(target.platform === 'fcm' ? { android: androidOf(content) } : { ios: iosOf(content) }),
  });
  const bytes = payloadBytes(message);
  if (bytes > PUSH_PAYLOAD_LIMIT) return fail(`The payload has ${bytes} bytes; ${PUSH_PAYLOAD_LIMIT} is the limit.`);
  return { message };
}

const fail = (detail: string): Composed => ({ failed: '050302', detail });

function filled(part: string | undefined): string | undefined {
  const trimmed = part?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function problemOfParts(parts: Record<string, string>): string | undefined {
  for (const [name, value] of Object.entries(parts)) {
    if (value.includes('\u0000') || !value.isWellFormed())
      return `The part ${name} holds a NUL or half of a character.`;
    if (name.startsWith(CUSTOM_PART) && reservedCustomKey(name.slice(CUSTOM_PART.length))) {
      return `${name.slice(CUSTOM_PART.length)} is a reserved key and cannot be custom data.`;
    }
  }
  const badge = filled(parts.badge);
  if (badge !== undefined && !/^\d{1,6}$/.test(badge)) return 'The badge is not a whole number from 0 to 999999.';
  if ((filled(parts.sound)?.length ?? 0) > LONGEST_SOUND) {
    return `The sound has more than ${LONGEST_SOUND} characters.`;
  }
  return undefined;
}

function problemOfContent({ collapsibleKey }: PushContent): string | undefined {
  return collapsibleKey !== undefined && Buffer.byteLength(collapsibleKey) > LONGEST_COLLAPSE_ID
    ? `The collapsible key has more than ${LONGEST_COLLAPSE_ID} bytes.`
    : undefined;
}

type Interaction = NonNullable<PushMessage['interaction']>;

/** OPENAPP is what a tap does anyway, so its link, if there is one, is not used. */
function interactionOf(content: PushContent, parts: Record<string, string>): Interaction | { problem: string } {
  const type = content.interaction?.type ?? 'OPENAPP';
  if (type === 'OPENAPP') return { type };
  const uri = parts.uri?.trim() ?? '';
  const problem = linkProblem(type, uri);
  return problem === undefined ? { type, uri } : { problem };
}

function customProperties(parts: Record<string, string>): Record<string, string> | undefined {
  const custom = Object.entries(parts)
    .filter(([name]) => name.startsWith(CUSTOM_PART))
    .map(([name, value]) => [name.slice(CUSTOM_PART.length), value]);
  return custom.length === 0 ? undefined : Object.fromEntries(custom);
}

function iosOf({ ios }: PushContent): PushMessage['ios'] {
  if (ios === undefined) return undefined;
  return present({
    mediaUri: ios.media?.uri,
    notificationGroup: ios.notificationGroup,
    mutableContent: ios.mutableContent,
    contentAvailable: ios.contentAvailable,
    category: ios.actions?.category,
    buttons: ios.actions?.buttons.map((button) => present(button)),
  });
}

function androidOf({ android }: PushContent): PushMessage['android'] {
  if (android === undefined) return undefined;
  return present({
    mediaUri: android.media?.uri,
    iconUri: android.media?.iconUri,
    channelId: android.channelId,
    visibility: android.visibility,
    notificationPriority: android.notificationPriority,
    deliveryPriority: android.deliveryPriority,
    buttons: android.actions?.buttons.map((button) => present(button)),
  });
}

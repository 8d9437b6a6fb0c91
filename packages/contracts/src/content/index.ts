import { z } from 'zod';
import { emailContent } from './email.ts';
import { experimentOf } from './experiment.ts';
import { pushContent } from './push.ts';
import { rcsTemplates } from './rcs.ts';
import { smsContent } from './sms.ts';

export { type EmailContent, emailContent } from './email.ts';
export { type PushContent, pushContent } from './push.ts';
export { type AuthoredRcs, fillRcs } from './rcs.ts';
export { type SmsContent, smsContent } from './sms.ts';
export { type AuthoredTreatment, treatmentsOf, type Variant, variantsOf } from './variants.ts';

const surface = (surfaceType: 'brandingPresetId' | 'appConfigurationId') =>
  z.strictObject({
    surface: z.strictObject({ surfaceId: z.uuid(), surfaceType: z.literal(surfaceType).default(surfaceType) }),
  });
/** `packageId` is given by the system on the first save and kept. */
const packageMembers = {
  packageId: z.uuid().optional(),
  packageName: z.string().max(255).optional(),
  enabled: z.boolean().default(true),
};

/** One channel action: its channel configuration (`surfaceId`) and its content (spec 2.2). */
export const channelPackage = z.discriminatedUnion('channel', [
  z.strictObject({
    channel: z.literal('EMAIL'),
    ...packageMembers,
    attributes: surface('brandingPresetId'),
    content: emailContent,
    experiment: experimentOf(emailContent).optional(),
  }),
  z.strictObject({
    channel: z.literal('SMS'),
    ...packageMembers,
    attributes: surface('brandingPresetId'),
    content: smsContent,
    experiment: experimentOf(smsContent).optional(),
  }),
  z.strictObject({
    channel: z.literal('PUSH'),
    ...packageMembers,
    attributes: surface('appConfigurationId'),
    content: pushContent,
    experiment: experimentOf(pushContent).optional(),
  }),
]);
export type ChannelPackage = z.infer<typeof channelPackage>;

/** A piece of content that is a template, by the name under which the channel finds it rendered. */
export type ContentPart = {
  format: 'liquid' | 'mjml';
  escape: 'html' | 'none';
  source: string;
  singleLine?: boolean;
  amp?: boolean;
  maxBytes?: number;
};

/**
 * The template parts of a package. Names are a contract with the channel that composes the message: email `subject`, `html`,
 * `text`, `amp`, `header:<Name>`; sms `text`, `title`, `mediaUri`, `rcs:<path>`; push `title`, `message`, `badge`, `sound`, `uri`, `custom:<key>`.
 * An email's text part that follows the HTML is not here: activation derives it from the compiled HTML.
 */
export function contentParts(action: ChannelPackage): Record<string, ContentPart> {
  const line = (source: string): ContentPart => ({ format: 'liquid', escape: 'none', source, singleLine: true });
  const text = (source: string): ContentPart => ({ format: 'liquid', escape: 'none', source });
  switch (action.channel) {
    case 'EMAIL': {
      const { subject, html, mjml, text: plain, headers, 'x-amp-html': amp } = action.content;
      const parts: Record<string, ContentPart> = { subject: line(subject) };
      if (mjml) parts.html = { format: 'mjml', escape: 'html', source: mjml.body };
      else if (html) parts.html = { format: 'liquid', escape: 'html', source: html.body };
      if (plain && !plain.syncFromHtml && plain.body !== '') parts.text = text(plain.body);
      if (amp) parts.amp = { format: 'liquid', escape: 'html', source: amp.body, amp: true };
      for (const [name, value] of Object.entries(headers ?? {})) parts[`header:${name}`] = line(value);
      return parts;
    }
    case 'SMS': {
      const { messageType, title, mediaUri, rcs } = action.content;
      const parts: Record<string, ContentPart> = { text: text(action.content.text) };
      if (messageType === 'mms' && title !== undefined) parts.title = line(title);
      if (messageType === 'mms' && mediaUri !== undefined) parts.mediaUri = line(mediaUri);
      if (messageType !== 'rcs' || !rcs) return parts;
      for (const [path, source] of Object.entries(rcsTemplates(rcs))) parts[`rcs:${path}`] = text(source);
      return parts;
    }
    case 'PUSH': {
      const { title, message, badge, soundName, interaction, customProperties } = action.content;
      const parts: Record<string, ContentPart> = {};
      if (title !== undefined) parts.title = line(title);
      if (message !== undefined) parts.message = text(message);
      if (badge !== undefined) parts.badge = line(badge);
      if (soundName !== undefined) parts.sound = line(soundName);
      if (interaction?.uri !== undefined) parts.uri = line(interaction.uri);
      for (const [key, value] of Object.entries(customProperties ?? {})) parts[`custom:${key}`] = text(value);
      return parts;
    }
    default:
      return action satisfies never;
  }
}

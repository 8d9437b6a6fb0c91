import { z } from 'zod';

const members = {
  profileId: z.string().describe('The userId of the request'),
  variantId: z.string().describe('One a variant of the content; a campaign without experiments has one'),
  messageId: z.string(),
};
const uri = z.string();

const emailPreview = z
  .object({
    ...members,
    channel: z.literal('email'),
    subject: z.string(),
    html: z.object({ body: z.string() }),
  })
  .meta({ id: 'EmailPreview' });
const smsPreview = z
  .object({ ...members, channel: z.literal('sms'), text: z.string(), messageType: z.enum(['sms', 'mms']) })
  .meta({ id: 'SmsPreview' });
const pushPreview = z
  .object({
    ...members,
    channel: z.literal('push'),
    appNames: z.array(z.string()),
    pushType: z.enum(['MESSAGE', 'SILENT']),
    title: z.string().optional(),
    message: z.string().optional(),
    ios: z.object({ media: z.object({ uri }) }).optional(),
    android: z.object({ media: z.object({ uri: uri.optional(), iconUri: uri.optional() }) }).optional(),
  })
  .meta({ id: 'PushPreview' });

const preview = z.discriminatedUnion('channel', [emailPreview, smsPreview, pushPreview]);
export type Preview = z.infer<typeof preview>;

/** One preview a person and variant, in the order of the request. */
export const previewAnswer = z.object({ previews: z.array(preview) }).meta({ id: 'PreviewAnswer' });

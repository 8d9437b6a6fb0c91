import { z } from 'zod';

const short = z.string().min(1).max(50);
const uri = z.string().min(1).max(2_000);
const media = z.string().min(5).max(2_000);
const buttonType = z.enum(['OPENAPP', 'DEEPLINK', 'WEBURL', 'DISMISS']);

/** Push content (spec 4.3). Texts, badge, sound, links and custom values may be templates. */
export const pushContent = z.strictObject({
  pushType: z.enum(['message', 'silent']).default('message'),
  title: z.string().max(1_000).optional(),
  message: z.string().max(4_000).optional(),
  interaction: z
    .strictObject({ type: z.enum(['OPENAPP', 'DEEPLINK', 'WEBURL']).default('OPENAPP'), uri: uri.optional() })
    .optional(),
  collapsibleKey: short.optional(),
  soundName: short.optional(),
  badge: short.optional(),
  customProperties: z.record(z.string().min(1).max(100), z.string().max(2_000)).optional(),
  ios: z
    .strictObject({
      media: z.strictObject({ uri: media }).optional(),
      notificationGroup: short.optional(),
      mutableContent: z.boolean().default(false),
      contentAvailable: z.boolean().default(false),
      actions: z
        .strictObject({
          category: short,
          buttons: z
            .array(z.strictObject({ customId: short, label: short, type: buttonType, uri: uri.optional() }))
            .min(1)
            .max(4),
        })
        .optional(),
    })
    .optional(),
  android: z
    .strictObject({
      media: z.strictObject({ uri: media.optional(), iconUri: media.optional() }).optional(),
      channelId: short.optional(),
      visibility: z.enum(['PUBLIC', 'PRIVATE', 'SECRET']).default('PUBLIC'),
      notificationPriority: z
        .enum(['PRIORITY_MIN', 'PRIORITY_LOW', 'PRIORITY_DEFAULT', 'PRIORITY_HIGH', 'PRIORITY_MAX'])
        .default('PRIORITY_DEFAULT'),
      deliveryPriority: z.enum(['NORMAL', 'HIGH']).default('NORMAL'),
      actions: z
        .strictObject({
          buttons: z
            .array(z.strictObject({ label: short, type: buttonType, uri: uri.optional() }))
            .min(1)
            .max(3),
        })
        .optional(),
    })
    .optional(),
});
export type PushContent = z.infer<typeof pushContent>;

import { z } from 'zod';

const MAX_TREATMENTS = 10;

/**
 * An A/B experiment over a channel's content (spec 16.1). A treatment without `content` sends that of the action: the control.
 * `treatmentId` is given by the system on the first save and kept.
 */
export const experimentOf = <Content extends z.ZodType>(content: Content) =>
  z.strictObject({
    treatments: z
      .array(
        z.strictObject({
          treatmentId: z.uuid().optional(),
          name: z.string().min(1).max(100),
          percentage: z.number().min(0).max(100),
          isHoldout: z.boolean().default(false).describe('These people get nothing (050018)'),
          content: content.optional(),
        }),
      )
      .min(1)
      .max(MAX_TREATMENTS),
  });

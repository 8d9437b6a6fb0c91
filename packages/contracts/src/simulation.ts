import { z } from 'zod';
import { freeObject } from './execution.ts';
import { namespaceName } from './profile.ts';

/** As many people as a simulation looks at in one go (spec 15.2). */
export const MAX_PREVIEW_ITEMS = 30;

const userId = z
  .string()
  .min(1)
  .max(320)
  .regex(/^\P{Cc}+$/u, 'must not have control characters')
  .regex(/\S/, 'must not be blank');

/** The body of a preview: for whom to render (reference simulations.yaml). */
export const previewRequest = z
  .strictObject({
    previewRequestItems: z
      .array(
        z.strictObject({
          userId,
          namespace: namespaceName,
          profileAttributes: freeObject
            .optional()
            .describe('When it is there, this is the profile, and no stored profile is read'),
          contextAttributes: freeObject.optional(),
        }),
      )
      .min(1)
      .max(MAX_PREVIEW_ITEMS),
  })
  .meta({ id: 'PreviewRequest' });
export type PreviewItem = z.infer<typeof previewRequest>['previewRequestItems'][number];

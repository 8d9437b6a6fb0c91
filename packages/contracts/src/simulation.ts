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

/** A form with one file of samples: CSV, a JSON array, or a JSON object a line. */
export const sampleForm = z.strictObject({
  file: z
    .string()
    .meta({ format: 'binary' })
    .describe('At most 30 samples, made of texts, numbers, true, false and dates'),
});

/** People of a proof, and addresses of each: together no more messages than one batch carries. */
const MAX_PROOF_RECIPIENTS = 10;
const MAX_PROOF_ADDRESSES = 10;

const addresses = (max: number) =>
  z
    .array(
      z
        .string()
        .min(1)
        .max(max)
        .regex(/^\P{Cc}+$/u, 'must not have control characters'),
    )
    .min(1)
    .max(MAX_PROOF_ADDRESSES);
const proofChannel = z.discriminatedUnion('channel', [
  z.strictObject({
    channel: z.literal('email'),
    subjectPrefix: z
      .string()
      .max(50)
      .regex(/^[A-Za-z0-9 .()[\]_-]*$/, 'may have letters, digits, blanks and . - _ ( ) [ ]')
      .optional(),
    emailAddresses: addresses(320),
  }),
  z.strictObject({ channel: z.literal('sms'), phoneNumbers: addresses(40) }),
  z.strictObject({
    channel: z.literal('push'),
    tokens: z
      .array(z.strictObject({ token: z.string().min(1).max(4096), platform: z.enum(['apns', 'fcm']) }))
      .min(1)
      .max(MAX_PROOF_ADDRESSES),
  }),
]);

/** The body of a proof: whose data is rendered, and where it is sent (reference simulations.yaml). */
export const proofRequest = z
  .strictObject({
    recipients: z
      .array(
        z.strictObject({
          userId,
          namespace: namespaceName,
          channelsData: z.array(proofChannel).min(1).max(3),
          profile: freeObject.optional().describe('When it is there, no stored profile is read'),
          context: freeObject.optional(),
        }),
      )
      .min(1)
      .max(MAX_PROOF_RECIPIENTS),
  })
  .meta({ id: 'ProofRequest' });
export type ProofRecipient = z.infer<typeof proofRequest>['recipients'][number];

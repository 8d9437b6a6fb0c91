import { z } from 'zod';
import { freeObject } from '../execution.ts';
import { answerInstant } from './message.ts';

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
  .object({
    ...members,
    channel: z.literal('sms'),
    text: z.string(),
    messageType: z.enum(['sms', 'mms', 'rcs']),
    title: z.string().optional(),
    mediaUri: z.string().optional(),
    rcs: freeObject.optional(),
  })
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

const failureReason = z.object({ type: z.string(), title: z.string(), status: z.string() });
/** A proof job: SUBMITTED when all of its messages were handed to delivery; their own accounts say what became of them. */
export const proofAnswer = z
  .object({
    proofJobId: z.uuid(),
    status: z.enum(['CREATED', 'PROCESSING', 'SUBMITTED', 'PARTIALLY_FAILED', 'FAILED']),
    proofs: z.array(
      z.object({
        messageId: z.string(),
        variantId: z.string(),
        startDate: answerInstant.optional(),
        targeted: z.int(),
        submitted: z.int(),
        status: z.enum(['CREATED', 'PROCESSING', 'SUBMITTED', 'FAILED']),
        proofFailureReasons: z.array(
          z.object({ profileIds: z.array(z.string()), failureReasons: z.array(failureReason) }),
        ),
        executionIds: z.array(z.string()).describe('Where the accounts of its messages are'),
      }),
    ),
    _links: z.object({ self: z.object({ href: z.string() }) }),
  })
  .meta({ id: 'ProofAnswer' });

import { type AttachmentRef, MAX_ATTACHMENTS, pathProblem } from '@outrigger/core';
import { z } from 'zod';

/** PDF files of an email, in a campaign's content or with a recipient of a call (spec 4.1). */
export const attachments: z.ZodType<AttachmentRef[], AttachmentRef[]> = z
  .array(
    z.strictObject({
      name: z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^\p{Cc}/\\]*\S[^\p{Cc}/\\]*$/u, 'must be a file name, without slashes and control characters')
        .describe('what the reader sees'),
      contentType: z.literal('application/pdf'),
      source: z.strictObject({
        type: z.enum(['s3Path', 'dlzPath']).describe('the same: a path in the configured store'),
        path: z
          .string()
          .min(1)
          .superRefine((path, context) => {
            const message = pathProblem(path);
            if (message) context.addIssue({ code: 'custom', message });
          })
          .describe('in the folder of the sandbox; relative, without . and .., and no URL'),
      }),
    }),
  )
  .min(1)
  .max(MAX_ATTACHMENTS);

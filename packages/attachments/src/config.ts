import { z } from 'zod';

/** Where the PDF files lie that go with emails: a bucket, or a folder. */
export const attachmentsConfig = z.object({
  ATTACHMENTS_DIR: z
    .string()
    .min(1)
    .optional()
    .describe('Folder with the PDF files that go with emails, for development. Files lie in `organisation/sandbox/`'),
  ATTACHMENTS_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .optional()
    .describe('S3 bucket with the PDF files that go with emails. Files lie in `organisation/sandbox/`'),
  ATTACHMENTS_REGION: z.string().min(1).default('us-east-1').describe('AWS region of ATTACHMENTS_BUCKET'),
  ATTACHMENTS_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of another store that speaks S3, for example MinIO. Absent: Amazon S3'),
  ATTACHMENTS_ACCESS_KEY_ID: z
    .string()
    .min(1)
    .optional()
    .describe('Access key of the bucket. Without it the AWS default chain is used'),
  ATTACHMENTS_SECRET_ACCESS_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Secret that belongs to ATTACHMENTS_ACCESS_KEY_ID')
    .meta({ secret: true }),
});
export type AttachmentsConfig = z.output<typeof attachmentsConfig>;

/** What the variables cannot say one by one. For the whole schema of a service that has them. */
export function refuseContradictions(config: AttachmentsConfig, context: z.RefinementCtx): void {
  const refuse = (name: keyof AttachmentsConfig, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (config.ATTACHMENTS_DIR !== undefined && config.ATTACHMENTS_BUCKET !== undefined) {
    refuse('ATTACHMENTS_BUCKET', 'is set beside ATTACHMENTS_DIR; files lie in one place, so set one of them');
  }
  const [id, secret] = ['ATTACHMENTS_ACCESS_KEY_ID', 'ATTACHMENTS_SECRET_ACCESS_KEY'] as const;
  const [missing, given] = config[id] === undefined ? [id, secret] : [secret, id];
  if (config[missing] === undefined && config[given] !== undefined) {
    refuse(missing, `is not set although ${given} is; set both or none`);
  }
}

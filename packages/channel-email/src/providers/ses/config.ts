import { z } from 'zod';

/** Where and as whom to send through Amazon SES. */
export const sesConfig = z
  .object({
    EMAIL_PROVIDER: z.literal('ses').describe('Send email through Amazon SES.'),
    SES_REGION: z.string().min(1).describe('AWS region of the SES account, for example eu-central-1.'),
    SES_ENDPOINT: z.url().optional().describe('Another address for the SES API: a VPC endpoint or an emulator.'),
    SES_ACCESS_KEY_ID: z
      .string()
      .min(1)
      .optional()
      .describe('Access key. Without it the AWS default chain is used (environment, profile, role of the machine).'),
    SES_SECRET_ACCESS_KEY: z
      .string()
      .min(1)
      .optional()
      .describe('Secret that belongs to SES_ACCESS_KEY_ID.')
      .meta({ secret: true }),
    SES_CONFIGURATION_SET: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional()
      .describe('SES configuration set. Its events carry the tag outrigger_message_id and settle unknown messages.'),
    SES_TIMEOUT_MS: z.coerce
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe('Longest wait for an answer of SES. After it the outcome of the message is unknown.'),
    SES_CONNECT_TIMEOUT_MS: z.coerce
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(3_000)
      .describe('Longest wait for a connection to SES. After it the message is tried again later.'),
  })
  .refine((config) => (config.SES_ACCESS_KEY_ID === undefined) === (config.SES_SECRET_ACCESS_KEY === undefined), {
    message: 'SES_ACCESS_KEY_ID and SES_SECRET_ACCESS_KEY are given together or not at all',
  })
  .refine((config) => config.SES_CONNECT_TIMEOUT_MS < config.SES_TIMEOUT_MS, {
    message: 'SES_CONNECT_TIMEOUT_MS must be shorter than SES_TIMEOUT_MS',
  });
export type SesConfig = z.output<typeof sesConfig>;

import { z } from 'zod';
import { snsApplications } from './applications.ts';

/** Where and as whom to send through Amazon SNS. */
export const snsConfig = z
  .object({
    PUSH_PROVIDER: z.literal('sns').describe('Send push messages through Amazon SNS mobile push.'),
    SNS_REGION: z.string().min(1).describe('AWS region of the SNS account, for example eu-central-1.'),
    SNS_ENDPOINT: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Another address for the SNS API: a VPC endpoint or an emulator.'),
    SNS_ACCESS_KEY_ID: z
      .string()
      .min(1)
      .optional()
      .describe('Access key. Without it the AWS default chain is used (environment, profile, role of the machine).'),
    SNS_SECRET_ACCESS_KEY: z
      .string()
      .min(1)
      .optional()
      .describe('Secret that belongs to SNS_ACCESS_KEY_ID.')
      .meta({ secret: true }),
    SNS_PUSH_APPLICATIONS: snsApplications.describe(
      'Platform application of each app and platform, as JSON: {"com.example.shop:fcm":"arn:aws:sns:...:app/GCM/shop"}. ' +
        'Platforms are apns, apnsSandbox and fcm.',
    ),
    SNS_TIMEOUT_MS: z.coerce
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe('Longest wait for an answer of SNS. After it the outcome of the message is unknown.'),
    SNS_CONNECT_TIMEOUT_MS: z.coerce
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(3_000)
      .describe('Longest wait for a connection to SNS. After it the message is tried again later.'),
  })
  .refine((config) => (config.SNS_ACCESS_KEY_ID === undefined) === (config.SNS_SECRET_ACCESS_KEY === undefined), {
    message: 'SNS_ACCESS_KEY_ID and SNS_SECRET_ACCESS_KEY are given together or not at all',
  })
  .refine((config) => config.SNS_CONNECT_TIMEOUT_MS < config.SNS_TIMEOUT_MS, {
    message: 'SNS_CONNECT_TIMEOUT_MS must be shorter than SNS_TIMEOUT_MS',
  });
export type SnsConfig = z.output<typeof snsConfig>;

import { z } from 'zod';

/** Through which SMTP server to send. */
export const smtpConfig = z
  .object({
    EMAIL_PROVIDER: z.literal('smtp').describe('Send email through an SMTP server.'),
    SMTP_HOST: z.string().min(1).describe('Host name of the SMTP server.'),
    SMTP_PORT: z.coerce.number().int().min(1).max(65_535).default(587).describe('Port of the SMTP server.'),
    SMTP_TLS: z
      .enum(['starttls', 'implicit', 'none'])
      .default('starttls')
      .describe(
        'starttls: plain connection that must be upgraded (port 587). implicit: TLS from the first byte (port 465). ' +
          'none: no encryption at all, for a relay on the same machine or a test server.',
      ),
    SMTP_USER: z.string().min(1).optional().describe('User name. Without it no login is tried.'),
    SMTP_PASSWORD: z.string().min(1).optional().describe('Password that belongs to SMTP_USER.').meta({ secret: true }),
    SMTP_CLIENT_NAME: z.string().min(1).optional().describe('Name to greet the server with. Default: the host name.'),
    SMTP_MAX_CONNECTIONS: z.coerce
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(10)
      .describe('Connections of one worker process at the same time; many servers refuse more than a few dozen.'),
    SMTP_TIMEOUT_MS: z.coerce
      .number()
      .int()
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe('Longest silence of the server: connecting, greeting, and after each command.'),
  })
  .refine((config) => (config.SMTP_USER === undefined) === (config.SMTP_PASSWORD === undefined), {
    message: 'SMTP_USER and SMTP_PASSWORD are given together or not at all',
  });
export type SmtpConfig = z.output<typeof smtpConfig>;

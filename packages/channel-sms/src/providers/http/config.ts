import { isPublicHost } from '@outrigger/egress';
import { z } from 'zod';
import { headersFrom, idPathFrom, mmsPayloadFrom, payloadFrom, rcsPayloadFrom } from './request.ts';

const milliseconds = z.coerce.number().int().min(100).max(60_000);

/** A provider of one's own, called over HTTP with a JSON body (spec 3.3). */
export const httpConfig = z
  .object({
    SMS_PROVIDER: z.literal('http').describe('Send text messages through any provider that takes JSON over HTTPS.'),
    SMS_HTTP_URL: z
      .url({ protocol: /^https?$/ })
      .describe('Where a message is posted to, for example https://sms.example/send.'),
    SMS_HTTP_HEADERS: z
      .string()
      .transform(headersFrom)
      .optional()
      .describe('Headers of each call as a JSON object: {"Authorization": "Bearer …"}. Content-Type is written by us.')
      .meta({ secret: true }),
    SMS_HTTP_PAYLOAD: z
      .string()
      .transform(payloadFrom)
      .describe(
        'The body as JSON, in whose texts {{fromNumber}}, {{toNumber}}, {{message}} and, if wanted, {{messageId}} are replaced: ' +
          '{"from": "{{fromNumber}}", "to": ["{{toNumber}}"], "text": "{{message}}"}.',
      ),
    SMS_HTTP_MMS_PAYLOAD: z
      .string()
      .transform(mmsPayloadFrom)
      .optional()
      .describe(
        'The body of an MMS, as SMS_HTTP_PAYLOAD with {{mediaUri}} and, if wanted, {{title}}. Without it campaigns with MMS cannot be activated.',
      ),
    SMS_HTTP_RCS_PAYLOAD: z
      .string()
      .transform(rcsPayloadFrom)
      .optional()
      .describe(
        'The body of an RCS message: {{fromNumber}}, {{toNumber}} and, as the whole of a text, {{rcs}}, which becomes the content. ' +
          'Without it campaigns with RCS cannot be activated.',
      ),
    SMS_HTTP_RCS_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where RCS messages are posted to. Absent: SMS_HTTP_URL.'),
    SMS_HTTP_RCS_NOT_CAPABLE: z
      .string()
      .regex(/^[\w.-]+(,[\w.-]+)*$/)
      .default('404')
      .transform((list) => list.split(','))
      .describe(
        'How the provider says that a phone has no RCS: HTTP statuses from 400, and texts that stand as a value in the JSON of such an answer. ' +
          'Then the text is sent.',
      ),
    SMS_HTTP_MESSAGE_ID: z
      .string()
      .transform(idPathFrom)
      .describe('Where in its answer the provider gives the id of the message, as a dotted path: messages.0.id.'),
    SMS_HTTP_PRIVATE_NETWORK: z
      .enum(['refuse', 'allow'])
      .default('refuse')
      .describe(
        'allow: the address may be inside our own network, without TLS, and on any port (a gateway of your own).',
      ),
    SMS_HTTP_TIMEOUT_MS: milliseconds
      .default(10_000)
      .describe('Longest wait for an answer of the provider. After it the outcome of the message is unknown.'),
    SMS_HTTP_CONNECT_TIMEOUT_MS: milliseconds
      .default(3_000)
      .describe('Longest wait for a connection to the provider. After it the message is tried again later.'),
  })
  .refine((config) => config.SMS_HTTP_CONNECT_TIMEOUT_MS < config.SMS_HTTP_TIMEOUT_MS, {
    message: 'SMS_HTTP_CONNECT_TIMEOUT_MS must be shorter than SMS_HTTP_TIMEOUT_MS',
  })
  .refine((config) => urlsOf(config).every(({ username, password }) => !username && !password), {
    message: 'SMS_HTTP_URL has a user or password in it; put them into SMS_HTTP_HEADERS',
  })
  .refine((config) => config.SMS_HTTP_PRIVATE_NETWORK === 'allow' || urlsOf(config).every(isOutside), {
    message: 'SMS_HTTP_URL must be https, on port 443 or 8443, and outside our own network (SMS_HTTP_PRIVATE_NETWORK)',
  });
export type HttpConfig = z.output<typeof httpConfig>;

function urlsOf(config: { SMS_HTTP_URL: string; SMS_HTTP_RCS_URL?: string | undefined }): URL[] {
  const { SMS_HTTP_URL: url, SMS_HTTP_RCS_URL: rcs } = config;
  return [new URL(url), ...(rcs === undefined ? [] : [new URL(rcs)])];
}

function isOutside(url: URL): boolean {
  return url.protocol === 'https:' && ['', '443', '8443'].includes(url.port) && isPublicHost(url.hostname);
}

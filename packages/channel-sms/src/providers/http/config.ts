import { z } from 'zod';
import { isPublicHost } from './public-address.ts';
import { headersFrom, idPathFrom, payloadFrom } from './request.ts';

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
  .refine(({ SMS_HTTP_URL: url }) => !new URL(url).username && !new URL(url).password, {
    message: 'SMS_HTTP_URL has a user or password in it; put them into SMS_HTTP_HEADERS',
  })
  .refine((config) => config.SMS_HTTP_PRIVATE_NETWORK === 'allow' || isOutside(new URL(config.SMS_HTTP_URL)), {
    message: 'SMS_HTTP_URL must be https, on port 443 or 8443, and outside our own network (SMS_HTTP_PRIVATE_NETWORK)',
  });
export type HttpConfig = z.output<typeof httpConfig>;

function isOutside(url: URL): boolean {
  return url.protocol === 'https:' && ['', '443', '8443'].includes(url.port) && isPublicHost(url.hostname);
}

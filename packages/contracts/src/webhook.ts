import { FEEDBACK_EVENTS, USUAL_FEEDBACK_EVENTS } from '@outrigger/core';
import { z } from 'zod';
import { plainText } from './campaign.ts';

const unique = (list: string[]) => new Set(list).size === list.length;
const channels = z
  .array(z.enum(['email', 'sms']))
  .min(1)
  .max(2)
  .refine(unique, 'names one twice');
const events = z.array(z.enum(FEEDBACK_EVENTS)).min(1).refine(unique, 'names one twice');

/** Long enough that nobody guesses it; a receiver needs no more than printable text. */
const secret = z
  .string()
  .regex(/^[\x21-\x7e]{32,256}$/, 'must be 32 to 256 printable ASCII characters without spaces')
  .describe('Never shown again');

/** Ours, those that say how a request is sent (RFC 9110 7.6.1), and those that tell the receiver what it reads. */
const RESERVED_HEADER =
  /^(host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept-encoding|(x-)?webhook-.*|traceparent|tracestate)$/i;

const headers = z
  .record(
    z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'is not the name of a header')
      .refine((name) => !RESERVED_HEADER.test(name), 'is a header that we set ourselves'),
    z.string().regex(/^[\x21-\x7e]([\x20-\x7e]{0,998}[\x21-\x7e])?$/, 'must be one line of printable ASCII'),
  )
  .refine((given) => Object.keys(given).length <= 20, 'has more than 20 headers')
  .refine((given) => unique(Object.keys(given).map((name) => name.toLowerCase())), 'has a header twice');

/** Where a sandbox wants to hear what becomes of its messages (spec 12.1). */
export const webhookInput = z
  .strictObject({
    name: plainText(255),
    url: z.string().max(2_048).describe('https, port 443 or 8443, and an address that the internet can reach'),
    channels,
    events: events.default([...USUAL_FEEDBACK_EVENTS]).describe('`bounce` covers out_of_band'),
    authentication: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('none') }),
        z.strictObject({ type: z.literal('hmac'), secret: secret.optional() }),
        z.strictObject({ type: z.literal('jwt'), secret: secret.optional() }),
      ])
      .default({ type: 'none' })
      .describe(
        'hmac signs each post; jwt signs it and adds a bearer token. Leave the secret out of a replacement to keep the present one',
      ),
    headers: headers
      .optional()
      .describe('Sent with each post. Their values are never shown again; left out of a replacement, they are kept'),
  })
  .refine(
    ({ authentication, headers: given = {} }) =>
      authentication.type !== 'jwt' || !Object.keys(given).some((name) => name.toLowerCase() === 'authorization'),
    { path: ['headers'], message: 'Authorization carries the token of jwt' },
  );
export type WebhookInput = z.output<typeof webhookInput>;

export const webhookAnswer = z
  .object({
    name: z.string(),
    url: z.string(),
    channels: z.array(z.enum(['email', 'sms'])),
    events: z.array(z.enum(FEEDBACK_EVENTS)),
    authentication: z.object({ type: z.enum(['none', 'hmac', 'jwt']) }),
    headerNames: z.array(z.string()),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    modifiedAt: z.iso.datetime(),
    modifiedBy: z.string(),
    delivery: z.object({
      failuresInARow: z.int(),
      pausedUntil: z.iso.datetime().nullable().describe('No post is tried before, because so many failed in a row'),
      goneAt: z.iso
        .datetime()
        .nullable()
        .describe('When the receiver answered 410 Gone: nothing is posted until the webhook is replaced'),
      lastProblem: z.string().nullable(),
      lastSuccessAt: z.iso.datetime().nullable(),
    }),
  })
  .meta({ id: 'Webhook' });

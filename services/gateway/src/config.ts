import { parseTopic } from '@outrigger/aws-sns';
import { SOFT_BOUNCE_THRESHOLD } from '@outrigger/core';
import { webhookConfig } from '@outrigger/pipeline/webhooks/webhook-config';
import { httpConfig, ledgerConfig, logConfig } from '@outrigger/runtime';
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and - only');

const source = z
  .strictObject({
    provider: z.enum(['ses', 'sns']),
    account: name,
    topics: z
      .array(z.string().refine((arn) => parseTopic(arn) !== undefined, 'is not the ARN of a standard SNS topic'))
      .max(20)
      .default([]),
    queue_url: z.url().optional(),
    region: z.string().min(1).optional(),
    readers: z.int().min(1).max(20).default(2),
    access_key_id: z.string().min(1).optional(),
    secret_access_key: z.string().min(1).optional(),
    endpoint: z.url().optional(),
  })
  .refine((one) => one.topics.length > 0 || one.queue_url !== undefined, 'needs topics or a queue_url')
  .refine((one) => (one.queue_url === undefined) === (one.region === undefined), 'queue_url and region go together')
  .refine(
    (one) => (one.access_key_id === undefined) === (one.secret_access_key === undefined),
    'access_key_id and secret_access_key are given together or not at all',
  );
export type Source = z.output<typeof source>;

const sources = z
  .array(source)
  .max(50)
  .refine(
    (list) => new Set(list.map((one) => `${one.provider}/${one.account}`)).size === list.length,
    'has a source twice',
  );

/** Everything the gateway reads from its environment. */
export const gatewayConfig = ledgerConfig
  .extend(httpConfig.shape)
  .extend(logConfig.shape)
  .extend(webhookConfig.shape)
  .extend({
    CALLBACK_SOURCES: z
      .string()
      .optional()
      .transform((text, context): Source[] => {
        if (text === undefined) return [];
        const parsed = sources.safeParse(jsonOf(text));
        if (parsed.success) return parsed.data;
        // Never the value itself: it may hold a secret.
        for (const { path, message } of parsed.error.issues)
          context.addIssue({ code: 'custom', path: [...path], message });
        return z.NEVER;
      })
      .meta({ secret: true })
      .describe(
        'Where providers report: a JSON array of {"provider", "account", "topics", "queue_url", "region"…}; docs/feedback.md explains each member',
      ),
    SOFT_BOUNCE_THRESHOLD: z.coerce
      .number()
      .int()
      .min(1)
      .max(20)
      .default(SOFT_BOUNCE_THRESHOLD)
      .describe('Soft bounces in a row after which an address is suppressed'),
    CALLBACK_SETTLE_MS: z.coerce
      .number()
      .int()
      .min(0)
      .default(30_000)
      .describe(
        'How long after its start the gateway gives a topic to send again what it could not send while the gateway was away; no unknown message is decided before',
      ),
  });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

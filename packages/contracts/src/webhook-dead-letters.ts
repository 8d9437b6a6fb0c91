import { z } from 'zod';

const eventId = z.string().max(100);

export const webhookDeadLetter = z
  .object({
    eventId: eventId.describe('The x-webhook-id of its posts'),
    messageId: z.uuid(),
    attempts: z.int(),
    problem: z.string().describe('Why the last post was in vain'),
    firstFailedAt: z.iso.datetime(),
    diedAt: z.iso.datetime(),
  })
  .meta({ id: 'WebhookDeadLetter' });

export const webhookDeadLetterPage = z.object({
  data: z.array(webhookDeadLetter),
  _page: z.object({ count: z.int(), totalCount: z.int(), next: z.string().nullable() }),
});

/** Which dead letters of the webhook are posted again: some by their ids, or all of them. */
export const webhookReplayInput = z
  .strictObject({
    eventIds: z.array(eventId).min(1).max(1_000).optional(),
    all: z.literal(true).optional(),
    limit: z.int().min(1).max(10_000).default(10_000),
  })
  .refine(({ eventIds, all }) => (eventIds === undefined) !== (all === undefined), 'send either eventIds or all: true');

export const webhookReplayAnswer = z.object({
  replayed: z.int().describe('These are posted again within seconds'),
  remaining: z.int().describe('These are still dead'),
});

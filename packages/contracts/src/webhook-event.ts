import { z } from 'zod';

const id = z.string();
const orNull = <Schema extends z.ZodType>(schema: Schema) => schema.nullable();

/**
 * What a webhook is told of one message, one event a post (spec 12.2). What has no value is null and never left out. `timestamp`,
 * `metadata` and `possibleDuplicate` are ours.
 */
export const webhookEvent = z
  .object({
    requestId: z.string().describe('As the caller sent it'),
    imsOrg: z.string(),
    sandbox: z.object({ id, name: z.string() }),
    channel: z.enum(['email', 'sms']),
    eventType: z.literal('message.feedback'),
    timestamp: z.iso.datetime().describe('When it happened'),
    channelContext: z
      .object({ profileAddress: orNull(z.string()), profileNumber: orNull(z.string()) })
      .describe('Where the message goes, as the data of the person has it now; null once that was erased'),
    messageExecution: z.object({
      messageExecutionID: id.describe('The executionId that the call was answered with'),
      messageType: z.enum(['transactional', 'marketing']),
      campaignID: id,
      campaignVersionID: id,
      campaignType: z.enum(['ApiTriggered', 'Scheduled']),
      messageID: id,
      messageProfileID: id,
    }),
    messageDeliveryFeedback: z.object({
      feedbackStatus: z.object({
        value: z.enum([
          ...['sent', 'delivered', 'bounce', 'out_of_band', 'error'],
          ...['exclude', 'denylist', 'delay', 'complaint'],
        ] as [string, ...string[]]),
      }),
      messageExclusion: orNull(z.object({ code: z.string(), reason: z.string() })),
      messageFailure: orNull(
        z.object({
          category: z.enum(['sync', 'async']),
          type: z.enum(['Hard', 'Soft', 'Ignored']),
          code: z.string(),
          reason: z.string(),
        }),
      ),
      retryCount: orNull(z.int()).describe('Failed attempts before this one'),
      responseCode: orNull(z.string()),
      responseDurationMillis: orNull(z.int()),
      encoding: orNull(z.string()),
      numberOfMessageParts: orNull(z.string()),
      deliveryTimestamp: orNull(z.iso.datetime()),
      offers: z.null(),
      possibleDuplicate: z
        .boolean()
        .describe('Sent again because nobody could know whether the first attempt went out'),
    }),
    identityMap: orNull(z.record(z.string(), z.array(z.object({ id, primary: z.boolean() })))),
    metadata: orNull(z.record(z.string(), z.string())).describe('What its content noted with the tag metadata'),
  })
  .meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.output<typeof webhookEvent>;

import type { JsonObject, JsonValue, Recipient, Refusal } from '@outrigger/core';
import { refuse } from '@outrigger/core';
import { z } from 'zod';
import { attachments } from './attachment.ts';
import { identifiersOf, MAX_MEMBERS } from './json.ts';

/** 200 kB of context a request, over all recipients, as UTF-8 JSON (spec 0.3 row 1). */
export const MAX_CONTEXT_BYTES = 200_000;
export const MAX_RECIPIENTS = 20;
/** Smaller bodies need no count: only numbers grow when they are written out (9e15 by 12 bytes), and members are bounded. */
const COUNT_CONTEXT_FROM_BYTES = MAX_CONTEXT_BYTES - 12 * MAX_MEMBERS;

/** Free-form data: anything JSON inside, but the root must be an object. */
export const freeObject = z
  .custom<JsonObject>((value) => value !== null && typeof value === 'object' && !Array.isArray(value), {
    error: 'must be an object',
  })
  .meta({ type: 'object', additionalProperties: true });
const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}+$/u, 'must not have control characters');

const channelData = z.strictObject({
  emailAddress: printable(320).optional(),
  mobilePhoneNumber: printable(40).optional(),
  pushInfo: z
    .strictObject({
      appID: printable(255),
      platform: z.enum(['apns', 'apnsSandbox', 'fcm']),
      token: printable(4096),
    })
    .optional(),
});
const recipientMembers = {
  userId: printable(320).regex(/\S/, 'must not be blank'),
  namespace: printable(64),
  channelData: channelData.optional(),
  profile: freeObject.optional(),
  context: freeObject.optional(),
  attachments: attachments.optional().describe('PDF files of this person, for email'),
};
const aepRecipient = z
  .strictObject({
    type: z.literal('aep'),
    ...recipientMembers,
    mergePolicyName: printable(255).optional(),
    mergePolicySchema: printable(255).optional(),
  })
  .meta({ id: 'AepRecipient' });
const externalRecipient = z
  .strictObject({ type: z.literal('external'), ...recipientMembers })
  .meta({ id: 'ExternalRecipient' });

const call = <Item extends z.ZodType>(recipient: Item) =>
  z.strictObject({
    requestId: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[\x21-\x7e]+$/, 'must be 1 to 255 printable ASCII characters without spaces'),
    campaignId: z.string().min(1).max(255),
    recipients: z.array(recipient).min(1).max(MAX_RECIPIENTS),
  });

/** Bodies of the two unitary endpoints (reference messaging.yaml; spec 6.3). */
export const unitaryCall = call(z.discriminatedUnion('type', [aepRecipient, externalRecipient])).meta({
  id: 'UnitaryCall',
});
export const highThroughputCall = call(externalRecipient).meta({ id: 'HighThroughputCall' });

/** The merge policy is a matter of the call alone: it is checked, and says nothing to delivery. */
export type CalledRecipient = Recipient & { mergePolicyName?: string; mergePolicySchema?: string };
export type TriggerCall = { requestId: string; campaignId: string; recipients: CalledRecipient[] };

/**
 * Checks the body of a trigger call. `bodyBytes` is its size as received: a small body cannot hold too much context.
 * A refusal names the first problem found and carries the requestId and campaignId when they can be read.
 */
export function parseTriggerCall(
  endpoint: 'unitary' | 'highthroughput',
  body: JsonValue,
  bodyBytes: number,
): { call: TriggerCall } | { refusal: Refusal } {
  const context = identifiersOf(body);
  const refused = (code: Parameters<typeof refuse>[0], title?: string) => ({ refusal: refuse(code, title, context) });
  const parsed = (endpoint === 'unitary' ? unitaryCall : highThroughputCall).safeParse(body);
  if (!parsed.success) return { refusal: refusalOfIssue(parsed.error.issues[0]!, endpoint, body, context) };
  const checked = parsed.data as TriggerCall;
  const seen = new Set<string>();
  let contextBytes = 0;
  for (const recipient of checked.recipients) {
    if (seen.has(recipient.userId)) return refused('MSG-000003');
    seen.add(recipient.userId);
    if (recipient.context && Object.hasOwn(recipient.context, 'system')) return refused('MSG-000007');
    if (bodyBytes > COUNT_CONTEXT_FROM_BYTES && recipient.context) {
      contextBytes += Buffer.byteLength(JSON.stringify(recipient.context));
    }
  }
  if (contextBytes > MAX_CONTEXT_BYTES) {
    return refused(
      'MSG-000006',
      `The context of all recipients together is ${contextBytes} bytes; at most ${MAX_CONTEXT_BYTES} are allowed.`,
    );
  }
  return { call: checked };
}

/** Turns the first schema issue into the documented code, with a title that names the member and says what to do. */
function refusalOfIssue(
  issue: z.core.$ZodIssue,
  endpoint: 'unitary' | 'highthroughput',
  body: JsonValue,
  context: Record<string, string>,
): Refusal {
  const path = issue.path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .slice(1);
  if (path === '' && issue.code === 'invalid_type') {
    return refuse('MSG-000001', 'The body must be a JSON object with requestId, campaignId and recipients.', context);
  }
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, 3).map((name) => name.slice(0, 60));
    const where = path === '' ? 'the call' : path;
    return refuse('MSG-000008', `Remove ${names.join(', ')} from ${where}: not allowed there.`, context);
  }
  if (path === 'recipients' && (issue.code === 'too_small' || issue.code === 'too_big')) {
    return refuse('MSG-000002', undefined, context);
  }
  if (issue.path.length === 1 && issue.code === 'invalid_type') {
    const kind = path === 'recipients' ? 'an array' : 'a string';
    return refuse('MSG-000001', `${path} is required and must be ${kind}.`, context);
  }
  if (issue.path.length === 3 && issue.path[2] === 'type') {
    const allowed = endpoint === 'unitary' ? 'aep or external' : 'external';
    return refuse('MSG-000004', `${path} must be ${allowed} on this endpoint.`, context);
  }
  if (isMissing(body, issue.path)) return refuse('MSG-000009', `${path} is required.`, context);
  return refuse('MSG-000009', `${path}: ${issue.message}.`, context);
}

function isMissing(body: JsonValue, path: PropertyKey[]): boolean {
  let value: unknown = body;
  for (const step of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return true;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return false;
}

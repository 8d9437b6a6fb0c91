import type { JsonObject, JsonValue, Refusal } from '@outrigger/core';
import { refuse } from '@outrigger/core';
import { z } from 'zod';
import { MAX_CONTEXT_BYTES } from './execution.ts';
import { instantText } from './instant.ts';
import { identifiersOf } from './json.ts';

const requestId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'must be 1 to 255 printable ASCII characters without spaces');

/** The body of the audience endpoint (reference messaging.yaml; spec 6.2). */
export const audienceCall = z.strictObject({
  requestId: requestId.optional(),
  campaignId: z.string().min(1).max(255),
  audience: z.strictObject({ id: z.string().min(1).max(255) }).optional(),
  context: z
    .custom<JsonObject>((value) => value !== null && typeof value === 'object' && !Array.isArray(value), {
      error: 'must be an object',
    })
    .optional(),
  // `executeAt` is checked apart: whatever is wrong with it has one code (reliability C28).
  schedule: z.strictObject({ executeAt: z.unknown().optional() }).optional(),
});

export type AudienceCall = {
  requestId?: string;
  campaignId: string;
  audienceId?: string;
  context?: JsonObject;
  executeAt?: Date;
};

/** Checks the body of an audience call. A refusal names the first problem and carries requestId and campaignId. */
export function parseAudienceCall(body: JsonValue): { call: AudienceCall } | { refusal: Refusal } {
  const context = identifiersOf(body);
  const refused = (code: Parameters<typeof refuse>[0], title?: string) => ({ refusal: refuse(code, title, context) });
  const parsed = audienceCall.safeParse(body);
  if (!parsed.success) return { refusal: refusalOf(parsed.error.issues[0]!, context) };
  const { audience, schedule, ...call } = parsed.data;
  if (call.context && Object.hasOwn(call.context, 'system')) return refused('MSG-000007');
  const contextBytes = call.context ? Buffer.byteLength(JSON.stringify(call.context)) : 0;
  if (contextBytes > MAX_CONTEXT_BYTES) {
    return refused('MSG-000006', `The context is ${contextBytes} bytes; at most ${MAX_CONTEXT_BYTES} are allowed.`);
  }
  const { executeAt } = schedule ?? {};
  const at = executeAt === undefined ? undefined : instantText.safeParse(executeAt);
  if (at && !at.success) {
    return refused(
      'MSG-000021',
      'schedule.executeAt must be an instant with its offset, such as 2031-05-04T03:00:00Z.',
    );
  }
  return {
    call: {
      campaignId: call.campaignId,
      ...(call.requestId !== undefined && { requestId: call.requestId }),
      ...(call.context && { context: call.context }),
      ...(audience && { audienceId: audience.id }),
      ...(at && { executeAt: new Date(at.data) }),
    },
  };
}

function refusalOf(issue: z.core.$ZodIssue, context: Record<string, string>): Refusal {
  const path = issue.path.join('.');
  if (path === '' && issue.code === 'invalid_type') {
    return refuse('MSG-000001', 'The body must be a JSON object with campaignId.', context);
  }
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, 3).map((name) => name.slice(0, 60));
    return refuse('MSG-000008', `Remove ${names.join(', ')} from ${path || 'the call'}: not allowed there.`, context);
  }
  if (path === 'campaignId' && issue.code === 'invalid_type') {
    return refuse('MSG-000001', 'campaignId is required and must be a string.', context);
  }
  return refuse('MSG-000009', `${path}: ${issue.message}.`, context);
}

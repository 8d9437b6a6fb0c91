import { MAX_CONTEXT_BYTES } from '@outrigger/contracts';
import { type JsonObject, type Refusal, refuse } from '@outrigger/core';

/** A context that a trigger call could not carry would show what can never be sent. */
export function contextRefusal(member: string, userId: string, context: JsonObject | undefined): Refusal | undefined {
  if (!context) return undefined;
  if (Object.hasOwn(context, 'system')) return refuse('MSG-000007', undefined, { userId });
  if (Buffer.byteLength(JSON.stringify(context)) <= MAX_CONTEXT_BYTES) return undefined;
  return refuse('MSG-000006', `${member}: at most ${MAX_CONTEXT_BYTES} bytes of JSON a person.`, { userId });
}

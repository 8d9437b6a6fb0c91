import { isUuid, type Refusal, refuse } from '@outrigger/core';
import { z } from 'zod';

/** Checks a body or query against a closed schema; the refusal names the first member that is wrong and says what to do. */
export function parseClosed<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  whole: string,
): { value: z.output<Schema> } | { refusal: Refusal } {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0]!;
  const where = issue.path.join('.') || whole;
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, 3).map((name) => name.slice(0, 60));
    return { refusal: refuse('MSG-000008', `Remove ${names.join(', ')} from ${where}: not allowed there.`) };
  }
  return { refusal: refuse('MSG-000009', `${where}: ${issue.message}.`) };
}

export const uuidText = z.string().refine(isUuid, { error: 'must be an id of ours (a uuid in lower case)' });
/** Codes and names that are compared as they stand. */
export const plainText = z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 printable characters without spaces');
/** An instant with its zone, for example `2031-05-04T03:00:00Z`. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant with its zone, such as 2031-05-04T03:00:00Z' })
  .transform((text) => new Date(text));

/** A whole number from 1 in a query. */
export function wholeText(max: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z
    .string()
    .regex(/^[1-9]\d{0,8}$/, error)
    .transform(Number)
    .refine((number) => number <= max, { error });
}

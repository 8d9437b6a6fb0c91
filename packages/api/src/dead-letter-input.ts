import { isUuid, type JsonValue, type Refusal, refuse } from '@outrigger/core';
import type { DeadLetterFilter } from '@outrigger/store';
import { z } from 'zod';
import { instant, plainText, uuidText, wholeText } from './closed-input.ts';

const FILTER_MEMBERS = {
  campaignId: uuidText.optional(),
  code: plainText.optional(),
  provider: plainText.optional(),
  state: z.enum(['failed', 'unknown']).optional(),
  from: instant.optional(),
  to: instant.optional(),
};
export const MOST_REDRIVEN = 10_000;

export const listQuery = z.strictObject({
  ...FILTER_MEMBERS,
  count: wholeText(200).default(50),
  cursor: z.string().max(200).optional(),
});

const filter = z.strictObject(FILTER_MEMBERS);
const all = z.literal(true).optional();
/** Bodies come through readJson, so what is in one is JSON already. */
const object = z.record(z.string(), z.custom<JsonValue>());

export const redriveOneBody = z.strictObject({
  channelData: object.optional(),
  profile: object.optional(),
  context: object.optional(),
  includeUnknown: z.boolean().default(false),
});

export const redriveManyBody = z.strictObject({
  filter,
  all,
  ratePerSecond: z.number().min(0.01).max(10_000).optional(),
  includeUnknown: z.boolean().default(false),
  limit: z.int().min(1).max(MOST_REDRIVEN).default(1_000),
});

export const expireBody = z.strictObject({
  filter: filter.optional(),
  all,
  messageIds: z.array(uuidText).min(1).max(1_000).optional(),
});

/** A filter that was meant: everything must be asked for in so many words. Without the members that were not given. */
export function meantFilter(
  given: z.output<typeof filter>,
  everything: true | undefined,
): { filter: DeadLetterFilter } | { refusal: Refusal } {
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  if (members.length === 0 && !everything) return { refusal: refuse('OPS-000006') };
  if (members.length > 0 && everything) {
    return { refusal: refuse('MSG-000009', 'all goes with an empty filter only; send one or the other.') };
  }
  return { filter: Object.fromEntries(members) as DeadLetterFilter };
}

/** Where the next page begins, as text that a client hands back unread. */
export function writeCursor(last: { createdAt: Date; messageId: string }): string {
  return Buffer.from(`${last.createdAt.getTime()}.${last.messageId}`).toString('base64url');
}

export function readCursor(text: string): { createdAt: Date; messageId: string } | undefined {
  const match = /^(\d{1,14})\.(.{36})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match && isUuid(match[2]!) ? { createdAt: new Date(Number(match[1])), messageId: match[2]! } : undefined;
}

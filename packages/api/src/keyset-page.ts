import { type Refusal, refuse } from '@outrigger/core';
import type { Request } from 'express';
import { z } from 'zod';
import { parseClosed, uuidText, wholeText } from './closed-input.ts';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 50;

/** `?limit=&start=` of a list that is read in the order of ids: `start` is the `next` of the page before. */
export const keysetQuery = z.strictObject({
  limit: wholeText(MAX_LIMIT).optional().describe(`How many, ${DEFAULT_LIMIT} unless said otherwise`),
  start: uuidText.optional().describe('The `next` of the page before'),
});

export function readKeysetPage(req: Request): { limit: number; after?: string } | { refusal: Refusal } {
  const parsed = parseClosed(keysetQuery, req.query, 'the query');
  if ('refusal' in parsed) return { refusal: refuse(parsed.refusal.code, parsed.refusal.title) };
  const { limit = DEFAULT_LIMIT, start } = parsed.value;
  return { limit, ...(start !== undefined && { after: start }) };
}

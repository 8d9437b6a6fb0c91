import { type Refusal, refuse } from '@outrigger/core';
import type { Request } from 'express';
import { z } from 'zod';

const MAX_COUNT = 200;

/** The two, as a description names them. */
export const pageQuery = {
  count: z.coerce.number().int().min(1).max(MAX_COUNT).optional(),
  page: z.coerce.number().int().min(1).max(100_000).optional(),
};

/** `?count=&page=` of a list, both counted from 1; anything else than small whole numbers is refused. */
export function readPage(req: Request, defaultCount: number): { count: number; page: number } | { refusal: Refusal } {
  const count = readWhole(req.query.count, defaultCount, MAX_COUNT);
  const page = readWhole(req.query.page, 1, 100_000);
  if (count === undefined)
    return { refusal: refuse('MSG-000009', `count must be a whole number from 1 to ${MAX_COUNT}.`) };
  if (page === undefined) return { refusal: refuse('MSG-000009', 'page must be a whole number from 1.') };
  return { count, page };
}

function readWhole(value: unknown, fallback: number, max: number): number | undefined {
  if (value === undefined) return fallback;
  if (typeof value !== 'string' || !/^[1-9]\d{0,6}$/.test(value)) return undefined;
  const number = Number(value);
  return number <= max ? number : undefined;
}

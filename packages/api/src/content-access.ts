import type { ContentPatch } from '@outrigger/contracts';
import { isUuid, type Refusal, refuse } from '@outrigger/core';
import type { ContentPage } from '@outrigger/store';
import type { Request } from 'express';
import { z } from 'zod';

/** What fragments and templates have in common: ETags, JSON Patch, lists with a cursor (spec 4.4). */

export const etagOf = (revision: number) => `"${revision}"`;

/** The revision that the caller saw, which must be the present one; a change without it is refused. */
export function readIfMatch(req: Request, revision: number): { refusal: Refusal } | undefined {
  const given = req.headers['if-match'];
  if (given === undefined) return { refusal: refuse('CNT-000003') };
  return given === etagOf(revision)
    ? undefined
    : { refusal: refuse('CNT-000002', undefined, { 'If-Match': given, ETag: etagOf(revision) }) };
}

type Described = { name: string; description: string; parentFolderId: string | null };

/** Applies a JSON Patch to what describes a fragment or template. */
export function patchDescription(
  { name, description, parentFolderId }: Described,
  patch: ContentPatch,
): Described | { refusal: Refusal } {
  const patched: Described = { name, description, parentFolderId };
  for (const operation of patch) {
    const value = operation.op === 'remove' ? undefined : operation.value;
    if (operation.path === '/description') patched.description = value ?? '';
    else if (operation.path === '/parentFolderId') patched.parentFolderId = value ?? null;
    else patched.name = value!;
  }
  const { name: newName, parentFolderId: folder } = patched;
  if (!isName(newName, 255)) return { refusal: refuse('MSG-000009', 'The name has 1 to 255 printable characters.') };
  return folder === null || isName(folder, 100)
    ? patched
    : { refusal: refuse('MSG-000009', 'parentFolderId has 1 to 100 printable characters.') };
}

const isName = (text: string, max: number) => text.length > 0 && text.length <= max && /^\P{Cc}*$/u.test(text);

/** The query of a list, as the OpenAPI document shows it. */
export const contentListQuery = z.object({
  orderBy: z.string().optional().describe('modifiedAt, createdAt or name, with - for the other way round; -modifiedAt'),
  limit: z.coerce.number().int().min(1).max(1_000).optional().describe('At most so many; 20 unless given'),
  start: z.string().optional().describe('The cursor of the next page, from _page.next'),
  property: z.string().optional().describe('field==value or name=like=value; may be there several times'),
});

const ORDER = /^([-+]?)(modifiedAt|createdAt|name)$/;

/** Reads such a query; `fields` are those that `property` may name. */
export function readContentQuery(
  req: Request,
  fields: readonly string[],
): { page: ContentPage; orderBy: string } | { refusal: Refusal } {
  const invalid = (message: string) => ({ refusal: refuse('MSG-000009', message) });
  const { orderBy = '-modifiedAt', limit = '20', start, property } = req.query;
  const order = typeof orderBy === 'string' ? ORDER.exec(orderBy) : null;
  if (!order) return invalid('orderBy is modifiedAt, createdAt or name, with - before it for the other way round.');
  if (typeof limit !== 'string' || !/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > 1_000) {
    return invalid('limit is a whole number from 1 to 1000.');
  }
  const after = start === undefined ? undefined : readCursor(start, order[2]!);
  if (start !== undefined && !after) return invalid('start is not a cursor of this list; begin without it.');
  const page: ContentPage = {
    limit: Number(limit),
    order: { by: order[2] as ContentPage['order']['by'], descending: order[1] === '-' },
    ...(after && { after }),
    equals: {},
  };
  const conditions = property === undefined ? [] : Array.isArray(property) ? property : [property];
  for (const condition of conditions) {
    const match = typeof condition === 'string' ? /^(\w+)(==|=like=)"?([^"\p{Cc}]*)"?$/u.exec(condition) : null;
    if (!match) return invalid('property is field==value or name=like=value.');
    const [, field, operator, value] = match;
    if (operator === '=like=' && field === 'name') page.nameContains = value!;
    else if (operator === '==' && fields.includes(field!)) page.equals[field!] = value!;
    else return invalid(`property: compare ${fields.join(', ')} with ==, or name with =like=.`);
  }
  return { page, orderBy: orderBy as string };
}

function readCursor(start: unknown, by: string): { value: string; id: string } | undefined {
  if (typeof start !== 'string' || start.length > 1_000) return undefined;
  try {
    const [value, id] = JSON.parse(Buffer.from(start, 'base64url').toString()) as unknown[];
    if (typeof value !== 'string' || typeof id !== 'string' || !isUuid(id) || value.includes('\u0000'))
      return undefined;
    return by === 'name' || /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? { value, id } : undefined;
  } catch {
    return undefined;
  }
}

type Row = { name: string; createdAt: Date; modifiedAt: Date };

/** The answer of a list: `rows` has one more than the limit when there is a next page. */
export function contentListBody<Item extends Row>(
  rows: Item[],
  { page, orderBy }: { page: ContentPage; orderBy: string },
  path: string,
  idOf: (item: Item) => string,
  show: (item: Item) => unknown,
) {
  const shown = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? shown.at(-1) : undefined;
  const value = last?.[page.order.by];
  const next = last
    ? Buffer.from(JSON.stringify([value instanceof Date ? value.toISOString() : value, idOf(last)])).toString(
        'base64url',
      )
    : null;
  const parameters = new URLSearchParams({ orderBy, limit: String(page.limit), ...(next !== null && { start: next }) });
  return {
    items: shown.map(show),
    _page: { orderBy, count: shown.length, next },
    _links: next === null ? {} : { next: { href: `${path}?${parameters}` } },
  };
}

import { addAddressesBody, addDomainsBody, suppressionListQuery, suppressionTypeQuery } from '@outrigger/contracts';
import { parseEmailAddress, type Refusal, refuse, toAsciiDomain } from '@outrigger/core';
import type { Authenticator, Caller } from '@outrigger/pipeline';
import {
  addSuppressions,
  type ListedEntry,
  listSuppressions,
  type NewEntry,
  type Pool,
  parsePageStart,
  readBounceStates,
  readSuppression,
  removeSuppression,
  type SuppressionEntityType,
} from '@outrigger/store';
import type { Request, Router } from 'express';
import { parseClosed } from '../closed-input.ts';
import { type Answer, pathParameter, route } from '../context.ts';
import { entryBody, entryOrderValue, pageBody } from './bodies.ts';
import { ENTRY_ROUTES } from './descriptions.ts';
import { parsePropertyFilters } from './filter.ts';

/** Addresses and domains are the same four routes: list, add, read, remove. */
export function addEntryRoutes(
  router: Router,
  deps: { pool: Pool; authenticate: Authenticator },
  entityType: SuppressionEntityType,
): void {
  const { pool, authenticate } = deps;
  const describe = ENTRY_ROUTES[entityType];
  const path = entityType === 'email' ? '/addresses' : '/domains';
  const one = entityType === 'email' ? 'email' : 'domain';
  router.get(
    path,
    route(authenticate, 'read', describe.list, async ({ caller, req }) => listAnswer(pool, caller, entityType, req)),
  );
  router.post(
    path,
    route(authenticate, 'manage', describe.add, async ({ caller, req, body }) =>
      addAnswer(pool, caller, entityType, req, body),
    ),
  );
  router.get(
    `${path}/:${one}`,
    route(authenticate, 'read', describe.read, async ({ caller, req }) => {
      const wanted = wantedEntry(entityType, pathParameter(req, one), req);
      if ('refusal' in wanted) return wanted;
      const entry = await readSuppression(pool, caller.tenant.tenantId, wanted);
      return entry ? { status: 200, body: (await entityBodies(pool, [entry], caller))[0] } : notListed();
    }),
  );
  router.delete(
    `${path}/:${one}`,
    route(authenticate, 'manage', describe.remove, async ({ caller, req }) => {
      const wanted = wantedEntry(entityType, pathParameter(req, one), req);
      if ('refusal' in wanted) return wanted;
      const removed = await removeSuppression(pool, caller.tenant.tenantId, wanted, caller.keyId);
      return removed ? { status: 204 } : notListed();
    }),
  );
}

const notListed = () => ({ refusal: refuse('SUP-000001') });

/** Entries as they are shown. An address carries its bounces; nothing counts them for a domain. */
async function entityBodies(pool: Pool, entries: ListedEntry[], { tenant }: Caller) {
  const addresses = entries.filter(({ entityType }) => entityType === 'email').map(({ entityValue }) => entityValue);
  const states = await readBounceStates(pool, tenant.tenantId, addresses);
  return entries.map((entry) => {
    const body = entryBody(entry, tenant);
    if (entry.entityType !== 'email') return body;
    const { softCount, bounces } = states.get(entry.entityValue) ?? { softCount: 0, bounces: [] };
    const bounceEvents = bounces.map(({ messageId, type, message, at }) => {
      return { messageId, date: at.toISOString(), message: message ?? '', bounceType: type };
    });
    return { ...body, bounceState: { softCount, bounceEvents } };
  });
}

/** The form under which a value is stored and compared, or what is wrong with it. */
function comparableValue(entityType: SuppressionEntityType, text: string): { value: string } | { problem: string } {
  if (entityType === 'domain') {
    const domain = toAsciiDomain(text.trim());
    return domain === undefined ? { problem: 'is not a valid host name' } : { value: domain };
  }
  const parsed = parseEmailAddress(text.trim());
  return 'problem' in parsed ? parsed : { value: parsed.address.toLowerCase() };
}

function wantedEntry(entityType: SuppressionEntityType, text: string, req: Request) {
  const query = parseClosed(suppressionTypeQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const value = comparableValue(entityType, text);
  // What cannot be listed is not listed.
  if ('problem' in value) return notListed();
  return { listType: query.value.type, entityType, entityValue: value.value };
}

async function listAnswer(
  pool: Pool,
  caller: Caller,
  entityType: SuppressionEntityType,
  req: Request,
): Promise<Answer> {
  const query = parseClosed(suppressionListQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const { type, orderby, limit, start, property } = query.value;
  const order = { name: orderby.replace(/^-/, ''), descending: orderby.startsWith('-') };
  const filters = parsePropertyFilters(property);
  if ('refusal' in filters) return filters;
  const pageStart = start === undefined ? undefined : parsePageStart(start);
  if (pageStart && order.name.endsWith('date') && !/^\d{1,15}$/.test(pageStart.value)) {
    return { refusal: refuse('MSG-000009', `start must be a number of milliseconds when ordered by ${order.name}.`) };
  }
  const { nothing, ...created } = filters.filter;
  const request = { listType: type, entityType, order, start: pageStart, ...created, limit: limit + 1 };
  const found = nothing ? [] : await listSuppressions(pool, caller.tenant.tenantId, request);
  const bodies = await entityBodies(pool, found, caller);
  const bodyOf = new Map(found.map((entry, place) => [entry, bodies[place]]));
  const body = pageBody(found, {
    limit,
    order,
    path: req.baseUrl + req.path,
    query: { type, ...(start !== undefined && { start }) },
    cursorOf: (entry) => ({ value: entryOrderValue(entry, order.name), id: entry.id }),
    bodyOf: (entry) => bodyOf.get(entry),
  });
  return { status: 200, body };
}

async function addAnswer(
  pool: Pool,
  caller: Caller,
  entityType: SuppressionEntityType,
  req: Request,
  body: unknown,
): Promise<Answer> {
  const query = parseClosed(suppressionTypeQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const parsed = parseClosed(entityType === 'email' ? addAddressesBody : addDomainsBody, body, 'the list');
  if ('refusal' in parsed) return parsed;
  const entries: NewEntry[] = [];
  for (const [place, { entity, comment = '', user = caller.keyId }] of parsed.value.entries()) {
    const value = comparableValue(entityType, entity.entityValue);
    if ('problem' in value) return { refusal: refusalOf(place, value.problem) };
    entries.push({ entityType, entityValue: value.value, comment, user });
  }
  const added = await addSuppressions(pool, caller.tenant.tenantId, query.value.type, entries, caller.keyId);
  if ('full' in added) return { refusal: refuse('SUP-000003') };
  return { status: 201, body: added.entries.map((entry) => entryBody(entry, caller.tenant)) };
}

function refusalOf(place: number, problem: string): Refusal {
  return refuse('MSG-000009', `[${place}].entity.entityValue ${problem}.`);
}

import {
  deadLetterCase,
  deadLetterPage,
  expireAnswer as expireReport,
  redriveManyAnswer as redriveManyReport,
  redriveOneAnswer as redriveOneReport,
} from '@outrigger/contracts';
import { executionIdText, isUuid, refuse } from '@outrigger/core';
import type { Authenticator, Caller } from '@outrigger/pipeline';
import {
  countDeadLetters,
  expireDeadLetters,
  listDeadLetters,
  type Pool,
  readDeadLetter,
  readExecution,
  readStanding,
  redriveDeadLetters,
} from '@outrigger/store';
import { type Request, Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { type Answer, type Handler, pathParameter, route } from './context.ts';
import { correctRecipient } from './correct-recipient.ts';
import { caseBody, letterBody, obstacleTo } from './dead-letter-body.ts';
import {
  expireBody,
  listQuery,
  meantFilter,
  readCursor,
  redriveManyBody,
  redriveOneBody,
  writeCursor,
} from './dead-letter-input.ts';
import type { RouteDescription } from './describe.ts';

/** As large as a trigger call's: a correction may bring a whole context. */
const BODY_LIMIT_BYTES = 1_048_576;

const GROUP = 'Operations';
const LIST: RouteDescription = {
  group: GROUP,
  summary: 'List dead letters, newest first',
  query: listQuery,
  answers: { 200: deadLetterPage },
};
const READ: RouteDescription = {
  group: GROUP,
  summary: 'A dead letter in full: what happened, what the provider said last, what may be done',
  answers: { 200: deadLetterCase },
  errors: ['OPS-000001', 'OPS-000002'],
};
const REDRIVE_ONE: RouteDescription = {
  group: GROUP,
  summary: 'Correct one dead letter and send it again',
  body: { schema: redriveOneBody, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: redriveOneReport },
  errors: ['OPS-000001', 'OPS-000002', 'OPS-000003', 'OPS-000004', 'OPS-000005'],
};
const REDRIVE_MANY: RouteDescription = {
  group: GROUP,
  summary: 'Send dead letters again',
  body: { schema: redriveManyBody, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: redriveManyReport },
  errors: ['OPS-000006'],
};
const EXPIRE: RouteDescription = {
  group: GROUP,
  summary: 'Give dead letters up',
  body: { schema: expireBody, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: expireReport },
  errors: ['OPS-000006'],
};

/** What ended badly: list, look at, correct and send again, give up. */
export function deadLetterRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const reads = (description: RouteDescription, handler: Handler) => route(authenticate, 'read', description, handler);
  const changes = (description: RouteDescription, handler: Handler) =>
    route(authenticate, 'manage', description, handler);

  router.get(
    '/dead-letters',
    reads(LIST, ({ caller, req }) => listAnswer(pool, caller, req)),
  );
  router.post(
    '/dead-letters/redrive',
    changes(REDRIVE_MANY, ({ caller, body }) => redriveManyAnswer(pool, caller, body)),
  );
  router.post(
    '/dead-letters/expire',
    changes(EXPIRE, ({ caller, body }) => expireAnswer(pool, caller, body)),
  );
  router.get(
    '/dead-letters/:messageId',
    reads(READ, async ({ caller, req }) => {
      // Who may change a recipient may see it; everybody else who reads gets along without personal data.
      const showRecipient = 'caller' in (await authenticate(req.headers, 'manage'));
      return showAnswer(pool, caller, pathParameter(req, 'messageId'), showRecipient);
    }),
  );
  router.post(
    '/dead-letters/:messageId/redrive',
    changes(REDRIVE_ONE, ({ caller, req, body }) =>
      redriveOneAnswer(pool, caller, pathParameter(req, 'messageId'), body),
    ),
  );
  return router;
}

async function listAnswer(pool: Pool, { tenant }: Caller, req: Request): Promise<Answer> {
  const query = parseClosed(listQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const { count, cursor, ...filter } = query.value;
  const before = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && !before) {
    return { refusal: refuse('MSG-000009', 'cursor must be the next of an earlier page, unchanged.') };
  }
  // One more than asked for tells whether there is a next page.
  const page = { limit: count + 1, ...(before && { before }) };
  const { letters, totalCount } = await listDeadLetters(pool, tenant.tenantId, filter, page);
  const shown = letters.slice(0, count);
  const next = letters.length > count ? writeCursor(shown.at(-1)!) : null;
  return { status: 200, body: { data: shown.map(letterBody), _page: { count: shown.length, totalCount, next } } };
}

async function showAnswer(pool: Pool, { tenant }: Caller, messageId: string, showRecipient: boolean): Promise<Answer> {
  const found = isUuid(messageId) && (await readDeadLetter(pool, tenant.tenantId, messageId));
  if (!found) return gone(pool, tenant.tenantId, messageId);
  const account = await readExecution(pool, tenant.tenantId, found.executionId);
  const events = account?.messages.find((message) => message.messageId === messageId)?.events ?? [];
  return { status: 200, body: caseBody(found, events, showRecipient) };
}

async function redriveOneAnswer(
  pool: Pool,
  { tenant: { tenantId }, keyId }: Caller,
  messageId: string,
  body: unknown,
): Promise<Answer> {
  const parsed = parseClosed(redriveOneBody, body, 'the redrive');
  if ('refusal' in parsed) return parsed;
  const { includeUnknown, ...changed } = parsed.value;
  const found = isUuid(messageId) && (await readDeadLetter(pool, tenantId, messageId));
  if (!found) return gone(pool, tenantId, messageId);
  const refusal = obstacleTo(found);
  if (refusal) return { refusal };
  const { letter } = found;
  const unknown = letter.state === 'unknown';
  if (unknown && !includeUnknown) {
    const title =
      'The message may have been delivered. Ask the provider or the person; to send it again all the same, send "includeUnknown": true.';
    return { refusal: refuse('OPS-000003', title, { messageId, code: letter.code }) };
  }
  const corrected =
    Object.keys(changed).length > 0 ? correctRecipient(found.endpoint, found.recipient!, changed) : undefined;
  if (corrected && 'refusal' in corrected) return corrected;
  const redriven = await redriveDeadLetters(pool, tenantId, {
    // This very death: a message that was redriven and died again meanwhile is another case.
    filter: { from: letter.createdAt, to: new Date(letter.createdAt.getTime() + 1) },
    messageIds: [messageId],
    includeUnknown,
    limit: 1,
    ...corrected,
    by: keyId,
  });
  if (redriven.length === 0) return gone(pool, tenantId, messageId);
  const possibleDuplicate = unknown || letter.possibleDuplicate;
  const executionId = executionIdText(found.endpoint, found.executionId);
  return { status: 200, body: { redriven: 1, messageId, executionId, possibleDuplicate } };
}

/** No dead letter: either the tenant has no such message, or somebody was faster. */
async function gone(pool: Pool, tenantId: number, messageId: string): Promise<Answer> {
  const standing = isUuid(messageId) ? await readStanding(pool, tenantId, messageId) : undefined;
  if (!standing) return { refusal: refuse('OPS-000001', undefined, { messageId }) };
  const { state, endpoint, executionId } = standing;
  const title =
    state === 'failed' || state === 'unknown'
      ? 'The dead letter changed meanwhile; look at it and try again.'
      : `The message is no dead letter: it is ${state} now. Its execution has its account.`;
  return {
    refusal: refuse('OPS-000002', title, { messageId, executionId: executionIdText(endpoint, executionId) }),
  };
}

async function redriveManyAnswer(pool: Pool, { tenant, keyId }: Caller, body: unknown): Promise<Answer> {
  const parsed = parseClosed(redriveManyBody, body, 'the redrive');
  if ('refusal' in parsed) return parsed;
  const { filter, all, ...request } = parsed.value;
  const meant = meantFilter(filter, all);
  if ('refusal' in meant) return meant;
  const redriven = await redriveDeadLetters(pool, tenant.tenantId, { ...request, ...meant, by: keyId });
  const remaining = await countDeadLetters(pool, tenant.tenantId, meant.filter);
  return { status: 200, body: { redriven: redriven.length, remaining } };
}

async function expireAnswer(pool: Pool, { tenant, keyId }: Caller, body: unknown): Promise<Answer> {
  const parsed = parseClosed(expireBody, body, 'the call');
  if ('refusal' in parsed) return parsed;
  const { filter, all, messageIds } = parsed.value;
  if ((filter === undefined) === (messageIds === undefined)) {
    return { refusal: refuse('MSG-000009', 'Send either filter or messageIds.') };
  }
  const meant = messageIds ? { filter: {} } : meantFilter(filter ?? {}, all);
  if ('refusal' in meant) return meant;
  const request = { ...meant, ...(messageIds && { messageIds }), by: keyId };
  return { status: 200, body: { expired: await expireDeadLetters(pool, tenant.tenantId, request) } };
}

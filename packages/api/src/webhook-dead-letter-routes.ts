import { webhookDeadLetterPage, webhookReplayAnswer, webhookReplayInput } from '@outrigger/contracts';
import { refuse } from '@outrigger/core';
import type { Authenticator, Caller } from '@outrigger/pipeline';
import { type DeadPost, listDeadPosts, type Pool, replayDeadPosts } from '@outrigger/store';
import { type Request, Router } from 'express';
import { z } from 'zod';
import { parseClosed, wholeText } from './closed-input.ts';
import { type Answer, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const BODY_LIMIT_BYTES = 262_144;
const GROUP = 'Webhook';

const listQuery = z.strictObject({
  count: wholeText(200).default(50),
  cursor: z.string().max(200).optional().describe('The `next` of the page before'),
});

const LIST: RouteDescription = {
  group: GROUP,
  summary: 'Events that the webhook was never told, newest first',
  query: listQuery,
  answers: { 200: webhookDeadLetterPage },
};
const REPLAY: RouteDescription = {
  group: GROUP,
  summary: 'Post events again that the webhook was never told, under the same ids',
  body: { schema: webhookReplayInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: webhookReplayAnswer },
};

/** What a webhook was never told: to look at, and to post again. */
export function webhookDeadLetterRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.get(
    '/settings/webhook/dead-letters',
    route(authenticate, 'read', LIST, ({ caller, req }) => listAnswer(pool, caller, req)),
  );
  router.post(
    '/settings/webhook/dead-letters/replay',
    route(authenticate, 'manage', REPLAY, async ({ caller, body }) => {
      const parsed = parseClosed(webhookReplayInput, body, 'the replay');
      if ('refusal' in parsed) return parsed;
      const { eventIds, limit } = parsed.value;
      const request = { ...(eventIds && { eventIds }), limit, by: caller.keyId };
      return { status: 200, body: await replayDeadPosts(pool, caller.tenant.tenantId, request) };
    }),
  );
  return router;
}

async function listAnswer(pool: Pool, { tenant }: Caller, req: Request): Promise<Answer> {
  const query = parseClosed(listQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const { count, cursor } = query.value;
  const before = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && !before) {
    return { refusal: refuse('MSG-000009', 'cursor must be the next of an earlier page, unchanged.') };
  }
  const page = { limit: count + 1, ...(before && { before }) };
  const { posts, totalCount } = await listDeadPosts(pool, tenant.tenantId, page);
  const shown = posts.slice(0, count);
  const next = posts.length > count ? writeCursor(shown.at(-1)!) : null;
  return { status: 200, body: { data: shown.map(letterBody), _page: { count: shown.length, totalCount, next } } };
}

function letterBody({ eventId, attempts, problem, firstFailedAt, diedAt }: DeadPost) {
  const at = { firstFailedAt: firstFailedAt.toISOString(), diedAt: diedAt.toISOString() };
  return { eventId, messageId: eventId.slice(0, eventId.indexOf(':')), attempts, problem, ...at };
}

function writeCursor({ diedAt, eventId }: DeadPost): string {
  return Buffer.from(`${diedAt.getTime()}~${eventId}`).toString('base64url');
}

function readCursor(text: string): { diedAt: Date; eventId: string } | undefined {
  const match = /^(\d{1,14})~([\x21-\x7e]{1,100})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match ? { diedAt: new Date(Number(match[1])), eventId: match[2]! } : undefined;
}

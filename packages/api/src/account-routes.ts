import { accountReport, auditList, backlogList } from '@outrigger/contracts';
import { refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import { type AuditEntry, type Pool, readAccount, readAudit, readTenantBacklog } from '@outrigger/store';
import { type Request, Router } from 'express';
import { z } from 'zod';
import { instant, parseClosed, wholeText } from './closed-input.ts';
import { type Answer, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const HOUR_MS = 3_600_000;
const LONGEST_SPAN_MS = 31 * 24 * HOUR_MS;

const accountQuery = z.strictObject({ from: instant.optional(), to: instant.optional() });
const auditQuery = z.strictObject({ count: wholeText(200).default(50) });
const noQuery = z.strictObject({});

const GROUP = 'Operations';
const ACCOUNT: RouteDescription = {
  group: GROUP,
  summary: 'The account of everything that was accepted in a span: ended, waiting, lost',
  query: accountQuery,
  answers: { 200: accountReport },
  errors: ['OPS-000008'],
};
const BACKLOG: RouteDescription = {
  group: GROUP,
  summary: 'What has not gone out, by lane',
  query: noQuery,
  answers: { 200: backlogList },
};
const AUDIT: RouteDescription = {
  group: GROUP,
  summary: 'Who did what, newest first',
  query: auditQuery,
  answers: { 200: auditList },
};

/** What a tenant can be told about everything it sent: the account, what waits, and who did what. */
export function accountRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.get(
    '/account',
    route(authenticate, 'read', ACCOUNT, async ({ caller, req }) => accountAnswer(pool, caller.tenant.tenantId, req)),
  );
  router.get(
    '/backlog',
    route(authenticate, 'read', BACKLOG, async ({ caller, req }) => {
      const query = parseClosed(noQuery, req.query, 'the query');
      if ('refusal' in query) return query;
      const lanes = await readTenantBacklog(pool, caller.tenant.tenantId);
      const data = lanes.map(({ oldestAgeMs, nextDueAt, ...counts }) => ({
        ...counts,
        oldestAgeMs: oldestAgeMs === null ? null : Math.round(oldestAgeMs),
        nextDueAt: nextDueAt?.toISOString() ?? null,
      }));
      return { status: 200, body: { data } };
    }),
  );
  router.get(
    '/audit',
    route(authenticate, 'read', AUDIT, async ({ caller, req }) => auditAnswer(pool, caller.tenant.tenantId, req)),
  );
  router.get(
    '/operations/audit',
    route(authenticate, 'operate', { ...AUDIT, summary: 'Who did what that concerns every tenant' }, async ({ req }) =>
      auditAnswer(pool, null, req),
    ),
  );
  return router;
}

async function accountAnswer(pool: Pool, tenantId: number, req: Request): Promise<Answer> {
  const query = parseClosed(accountQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const { to = new Date() } = query.value;
  const { from = new Date(to.getTime() - HOUR_MS) } = query.value;
  const spanMs = to.getTime() - from.getTime();
  if (spanMs <= 0 || spanMs > LONGEST_SPAN_MS) {
    return { refusal: refuse('MSG-000009', 'from must be before to, by 31 days at most.') };
  }
  try {
    const [account] = await readAccount(pool, from, to, tenantId);
    const { accepted = 0, ended = 0, waiting = 0, lost = 0 } = account ?? {};
    return { status: 200, body: { from: from.toISOString(), to: to.toISOString(), accepted, ended, waiting, lost } };
  } catch (error) {
    // query_canceled: the statement ran into its time limit.
    if ((error as { code?: string }).code === '57014') return { refusal: refuse('OPS-000008') };
    throw error;
  }
}

async function auditAnswer(pool: Pool, tenantId: number | null, req: Request): Promise<Answer> {
  const query = parseClosed(auditQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const entries = await readAudit(pool, tenantId, query.value.count);
  return { status: 200, body: { data: entries.map(entryBody) } };
}

function entryBody({ at, actor, action, target, detail = {} }: AuditEntry & { at: Date }) {
  return { at: at.toISOString(), actor, action, target, detail };
}

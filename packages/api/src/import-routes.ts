import { importAnswer, importDetail, importInput, importPage } from '@outrigger/contracts';
import { isUuid, refuse } from '@outrigger/core';
import { runImport } from '@outrigger/intake';
import type { Authenticator } from '@outrigger/pipeline';
import {
  type ImportJob,
  insertImport,
  listFailures,
  listImports,
  type Pool,
  readAudience,
  readImport,
} from '@outrigger/store';
import { type Request, Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { type Answer, pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';
import { keysetQuery, readKeysetPage } from './keyset-page.ts';

const GROUP = 'Imports';
const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Announce a file of profiles or of members; its content is sent afterwards',
  body: { schema: importInput, limitBytes: 65_536 },
  answers: { 201: importAnswer },
  errors: ['AUD-000001', 'AUD-000003'],
};
const SEND: RouteDescription = {
  group: GROUP,
  summary: 'Send the content of the file as the raw body, of any length',
  details:
    'The answer comes when all rows are written. Meanwhile the import can be read. A body that broke off is sent again whole: ' +
    'rows that were written are passed over.',
  answers: { 200: importDetail },
  errors: ['CSV-000001', 'CSV-000002', 'CSV-000003', 'CSV-000004', 'CSV-000006', 'CSV-000007', 'CSV-000009'],
};
const READ: RouteDescription = {
  group: GROUP,
  summary: 'How far an import is, and its bad rows',
  answers: { 200: importDetail },
  errors: ['CSV-000006'],
};
const LIST: RouteDescription = {
  group: GROUP,
  summary: 'The imports of this sandbox',
  query: keysetQuery,
  answers: { 200: importPage },
};

/** Bulk loads of profiles and of the members of lists, streamed from the request into the ledger. */
export function importRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.post(
    '/imports',
    route(authenticate, 'manage', CREATE, async ({ caller, body }) => {
      const parsed = parseClosed(importInput, body, 'the import');
      if ('refusal' in parsed) return parsed;
      const { audienceId = null, ...wanted } = parsed.value;
      const { tenantId } = caller.tenant;
      if (audienceId !== null) {
        const audience = await readAudience(pool, tenantId, audienceId);
        if (!audience) return { refusal: refuse('AUD-000001', undefined, { audienceId }) };
        if (audience.kind === 'rule') return { refusal: refuse('AUD-000003') };
      }
      const job = await insertImport(pool, { ...wanted, audienceId, tenantId, createdBy: caller.keyId });
      return { status: 201, body: importBody(job) };
    }),
  );
  router.get(
    '/imports',
    route(authenticate, 'read', LIST, async ({ caller, req }) => {
      const page = readKeysetPage(req);
      if ('refusal' in page) return page;
      const jobs = await listImports(pool, caller.tenant.tenantId, page);
      const next = jobs.length === page.limit ? jobs.at(-1)!.importId : null;
      return { status: 200, body: { data: jobs.map(importBody), _page: { count: jobs.length, next } } };
    }),
  );
  router.get(
    '/imports/:importId',
    route(authenticate, 'read', READ, async ({ caller, req }) => {
      const job = await jobOf(pool, caller.tenant.tenantId, req);
      return job ? detailAnswer(pool, job) : unknown(req);
    }),
  );
  router.put(
    '/imports/:importId/content',
    route(authenticate, 'manage', SEND, async ({ caller, req }) => {
      const { tenantId } = caller.tenant;
      const job = await jobOf(pool, tenantId, req);
      if (!job) return unknown(req);
      const refused = await runImport(pool, job, req);
      if (refused) return { refusal: refuse(refused.code, refused.title, { importId: job.importId }) };
      return detailAnswer(pool, (await jobOf(pool, tenantId, req))!);
    }),
  );
  return router;
}

async function jobOf(pool: Pool, tenantId: number, req: Request): Promise<ImportJob | undefined> {
  const importId = pathParameter(req, 'importId');
  return isUuid(importId) ? readImport(pool, tenantId, importId) : undefined;
}

const unknown = (req: Request): Answer => ({
  refusal: refuse('CSV-000006', undefined, { importId: pathParameter(req, 'importId') }),
});

async function detailAnswer(pool: Pool, job: ImportJob): Promise<Answer> {
  return { status: 200, body: { ...importBody(job), failedRows: await listFailures(pool, job.importId) } };
}

function importBody(job: ImportJob) {
  const seconds = job.startedAt ? ((job.finishedAt ?? new Date()).getTime() - job.startedAt.getTime()) / 1_000 : 0;
  return {
    importId: job.importId,
    kind: job.kind,
    format: job.format,
    mode: job.mode,
    audienceId: job.audienceId,
    fileName: job.fileName,
    status: job.status,
    failureCode: job.failureCode,
    failureDetail: job.failureDetail,
    rowsDone: job.rowsDone,
    createdCount: job.createdCount,
    updatedCount: job.updatedCount,
    mergedCount: job.mergedCount,
    failedCount: job.failedCount,
    rowsPerSecond: seconds > 0 ? Math.round(job.rowsDone / seconds) : null,
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    finishedAt: job.finishedAt?.toISOString() ?? null,
  };
}

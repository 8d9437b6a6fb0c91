import { allowedListSwitch, suppressionTypeQuery, uploadListQuery } from '@outrigger/contracts';
import { isUuid, refuse } from '@outrigger/core';
import type { Authenticator, Caller } from '@outrigger/pipeline';
import {
  deleteSuppressionUpload,
  insertSuppressionUpload,
  listSuppressionUploads,
  type Pool,
  parsePageStart,
  readAllowedList,
  readSuppressionUpload,
  requestSuppressionWipe,
  switchAllowedList,
} from '@outrigger/store';
import { type Request, Router } from 'express';
import { parseClosed } from '../closed-input.ts';
import { type Answer, pathParameter, route } from '../context.ts';
import { pageBody, uploadBody, uploadOrderValue } from './bodies.ts';
import * as describe from './descriptions.ts';
import { addEntryRoutes } from './entry-routes.ts';
import { exportSuppressions } from './export.ts';
import { parsePropertyFilters } from './filter.ts';

/** The lists that decide which addresses get mail at all (reference suppression.yaml; spec 11). */
export function suppressionRoutes(deps: {
  pool: Pool;
  authenticate: Authenticator;
  /** Called when there is a file to import or a list to wipe, so that nobody waits for the next look. */
  onWork(): void;
}): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  addEntryRoutes(router, deps, 'email');
  addEntryRoutes(router, deps, 'domain');
  router.post(
    '/uploads',
    route(authenticate, 'manage', describe.UPLOAD, async ({ caller, file }) => {
      const { tenantId } = caller.tenant;
      const jobId = await insertSuppressionUpload(pool, { tenantId, by: caller.keyId, ...file! });
      deps.onWork();
      return { status: 201, body: { success: { jobId } } };
    }),
  );
  router.get(
    '/uploads',
    route(authenticate, 'read', describe.LIST_UPLOADS, async ({ caller, req }) => listUploadsAnswer(pool, caller, req)),
  );
  router.get(
    '/uploads/:jobId',
    route(authenticate, 'read', describe.READ_UPLOAD, async ({ caller, req }) => {
      const jobId = pathParameter(req, 'jobId');
      const upload = isUuid(jobId) && (await readSuppressionUpload(pool, caller.tenant.tenantId, jobId));
      if (!upload) return { refusal: refuse('SUP-000002') };
      const { orgId, sandboxName } = caller.tenant;
      const { failedRecords } = upload;
      return { status: 200, body: { ...uploadBody(upload), imsOrgId: orgId, sandboxId: sandboxName, failedRecords } };
    }),
  );
  router.delete(
    '/uploads/:jobId',
    route(authenticate, 'manage', describe.DELETE_UPLOAD, async ({ caller, req }) => {
      const jobId = pathParameter(req, 'jobId');
      const deleted = isUuid(jobId) && (await deleteSuppressionUpload(pool, caller.tenant.tenantId, jobId));
      return deleted ? { status: 204 } : { refusal: refuse('SUP-000002') };
    }),
  );
  router.delete(
    '/admin/:imsOrgId/:sandboxId',
    route(authenticate, 'manage', describe.WIPE, async ({ caller, req }) => {
      const { orgId, sandboxName, tenantId } = caller.tenant;
      // Twice the same: whoever empties a list must mean this one.
      if (pathParameter(req, 'imsOrgId') !== orgId || pathParameter(req, 'sandboxId') !== sandboxName) {
        return { refusal: refuse('MSG-000403', 'The path must name the organisation and sandbox of the call.') };
      }
      await requestSuppressionWipe(pool, tenantId, caller.keyId);
      deps.onWork();
      return { status: 202 };
    }),
  );
  router.get(
    '/export',
    route(authenticate, 'read', describe.EXPORT, async ({ caller, req }) => {
      const query = parseClosed(suppressionTypeQuery, req.query, 'the query');
      if ('refusal' in query) return query;
      const { type } = query.value;
      const headers = {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${type === 'client' ? 'suppressed' : 'allowed'}.csv"`,
      };
      return { status: 200, headers, stream: exportSuppressions(pool, caller.tenant.tenantId, type) };
    }),
  );
  router.get(
    '/allowed-list',
    route(authenticate, 'read', describe.READ_ALLOWED_LIST, async ({ caller }) => allowedListAnswer(pool, caller)),
  );
  router.put(
    '/allowed-list',
    route(authenticate, 'manage', describe.SWITCH_ALLOWED_LIST, async ({ caller, body }) => {
      const parsed = parseClosed(allowedListSwitch, body, 'the switch');
      if ('refusal' in parsed) return parsed;
      await switchAllowedList(pool, caller.tenant.tenantId, parsed.value.active, caller.keyId);
      return allowedListAnswer(pool, caller);
    }),
  );
  return router;
}

async function allowedListAnswer(pool: Pool, { tenant }: Caller): Promise<Answer> {
  return { status: 200, body: await readAllowedList(pool, tenant.tenantId) };
}

async function listUploadsAnswer(pool: Pool, { tenant }: Caller, req: Request): Promise<Answer> {
  const query = parseClosed(uploadListQuery, req.query, 'the query');
  if ('refusal' in query) return query;
  const { orderby, limit, start, property } = query.value;
  const order = { name: orderby.replace(/^-/, ''), descending: orderby.startsWith('-') };
  const filters = parsePropertyFilters(property);
  if ('refusal' in filters) return filters;
  const pageStart = start === undefined ? undefined : parsePageStart(start);
  if (pageStart && /(time|count|code)$/.test(order.name) && !/^\d{1,15}$/.test(pageStart.value)) {
    return { refusal: refuse('MSG-000009', `start must be a number when ordered by ${order.name}.`) };
  }
  const { nothing, ...created } = filters.filter;
  const request = { order, start: pageStart, ...created, limit: limit + 1 };
  const found = nothing ? [] : await listSuppressionUploads(pool, tenant.tenantId, request);
  const body = pageBody(found, {
    limit,
    order,
    path: req.baseUrl + req.path,
    query: start === undefined ? {} : { start },
    cursorOf: (upload) => ({ value: uploadOrderValue(upload, order.name), id: upload.uploadId }),
    bodyOf: uploadBody,
  });
  return { status: 200, body };
}

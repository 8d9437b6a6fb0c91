import { audienceInput, membersInput, previewInput } from '@outrigger/contracts';
import { isUuid, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  type Audience,
  addMembers,
  countAudience,
  deleteAudience,
  insertAudience,
  listAudiences,
  listMembers,
  type Pool,
  readAudience,
  readProfile,
  removeMembers,
  updateAudience,
} from '@outrigger/store';
import { Router } from 'express';
import * as about from './audience-descriptions.ts';
import { parseClosed } from './closed-input.ts';
import { type Answer, type Handler, pathParameter, route } from './context.ts';
import { readKeysetPage } from './keyset-page.ts';
import { profileBody } from './profile-body.ts';

const SAMPLE = 10;

/** Audiences: lists of members and rules, who is in them, and what a rule would find. */
export function audienceRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  /** Runs `use` with the tenant's audience of the path; another tenant's is as unknown as none. */
  const withAudience =
    (use: (audience: Audience, call: Parameters<Handler>[0]) => Promise<Answer>): Handler =>
    async (call) => {
      const id = pathParameter(call.req, 'audienceId');
      const audience = isUuid(id) ? await readAudience(pool, call.caller.tenant.tenantId, id) : undefined;
      return audience ? use(audience, call) : { refusal: refuse('AUD-000001', undefined, { audienceId: id }) };
    };

  router.post(
    '/audiences',
    route(authenticate, 'manage', about.CREATE, async ({ caller, body }) => {
      const parsed = parseClosed(audienceInput, body, 'the audience');
      if ('refusal' in parsed) return parsed;
      const { rule = null, ...named } = parsed.value;
      const audience = await insertAudience(pool, caller.tenant.tenantId, { ...named, rule, by: caller.keyId });
      return audience ? { status: 201, body: audienceBody(audience) } : { refusal: refuse('AUD-000002') };
    }),
  );
  router.get(
    '/audiences',
    route(authenticate, 'read', about.LIST, async ({ caller, req }) => {
      const page = readKeysetPage(req);
      if ('refusal' in page) return page;
      const audiences = await listAudiences(pool, caller.tenant.tenantId, page);
      const next = audiences.length === page.limit ? audiences.at(-1)!.audienceId : null;
      return { status: 200, body: { data: audiences.map(audienceBody), _page: { count: audiences.length, next } } };
    }),
  );
  router.post(
    '/audiences/preview',
    route(authenticate, 'read', about.PREVIEW, async ({ caller, body }) => {
      const parsed = parseClosed(previewInput, body, 'the body');
      if ('refusal' in parsed) return parsed;
      return previewAnswer(pool, caller.tenant.tenantId, parsed.value);
    }),
  );
  router.get(
    '/audiences/:audienceId',
    route(
      authenticate,
      'read',
      about.READ,
      withAudience(async (audience) => ({ status: 200, body: audienceBody(audience) })),
    ),
  );
  router.put(
    '/audiences/:audienceId',
    route(
      authenticate,
      'manage',
      about.CHANGE,
      withAudience(async (audience, { body }) => changeAnswer(pool, audience, body)),
    ),
  );
  router.delete(
    '/audiences/:audienceId',
    route(
      authenticate,
      'manage',
      about.DELETE,
      withAudience(async ({ tenantId, audienceId }) => {
        const outcome = await deleteAudience(pool, tenantId, audienceId);
        if (outcome === 'in_use') return { refusal: refuse('AUD-000004') };
        return outcome === 'deleted' ? { status: 200, body: {} } : { refusal: refuse('AUD-000001') };
      }),
    ),
  );
  router.get(
    '/audiences/:audienceId/count',
    route(
      authenticate,
      'read',
      about.COUNT,
      withAudience(async (audience) => ({
        status: 200,
        body: { count: await countAudience(pool, audience.tenantId, audience) },
      })),
    ),
  );
  router.get(
    '/audiences/:audienceId/members',
    route(
      authenticate,
      'read',
      about.MEMBERS,
      withAudience(async (audience, { req }) => {
        const page = readKeysetPage(req);
        if ('refusal' in page) return page;
        const ids = await listMembers(pool, audience.tenantId, audience, page);
        const next = ids.length === page.limit ? ids.at(-1)! : null;
        const data = ids.map((profileId) => ({ profileId }));
        return { status: 200, body: { data, _page: { count: ids.length, next } } };
      }),
    ),
  );
  router.post(
    '/audiences/:audienceId/members',
    route(
      authenticate,
      'manage',
      about.CHANGE_MEMBERS,
      withAudience(async (audience, { body }) => {
        if (audience.kind === 'rule') return { refusal: refuse('AUD-000003') };
        const parsed = parseClosed(membersInput, body, 'the body');
        if ('refusal' in parsed) return parsed;
        const added = await addMembers(pool, audience, parsed.value.add);
        const removed = await removeMembers(pool, audience, parsed.value.remove);
        return { status: 200, body: { added, removed } };
      }),
    ),
  );
  return router;
}

async function changeAnswer(pool: Pool, audience: Audience, body: unknown): Promise<Answer> {
  const parsed = parseClosed(audienceInput, body, 'the audience');
  if ('refusal' in parsed) return parsed;
  const { rule = null, ...named } = parsed.value;
  if ((rule === null) !== (audience.kind === 'list')) return { refusal: refuse('AUD-000003') };
  const changed = await updateAudience(pool, audience, { ...named, rule });
  if (changed === 'name_taken') return { refusal: refuse('AUD-000002') };
  return changed ? { status: 200, body: audienceBody(changed) } : { refusal: refuse('AUD-000001') };
}

async function previewAnswer(
  pool: Pool,
  tenantId: number,
  choice: Parameters<typeof countAudience>[2],
): Promise<Answer> {
  const count = await countAudience(pool, tenantId, choice);
  const ids = await listMembers(pool, tenantId, choice, { limit: SAMPLE });
  const found = await Promise.all(ids.map((id) => readProfile(pool, tenantId, id)));
  return { status: 200, body: { count, sample: found.filter((one) => one !== undefined).map(profileBody) } };
}

function audienceBody(audience: Audience) {
  return {
    audienceId: audience.audienceId,
    name: audience.name,
    description: audience.description,
    kind: audience.kind,
    ...(audience.rule !== null && { rule: audience.rule }),
    createdAt: audience.createdAt.toISOString(),
    createdBy: audience.createdBy,
    modifiedAt: audience.modifiedAt.toISOString(),
  };
}

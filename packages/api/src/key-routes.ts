import {
  keyAnswer,
  keyInput,
  keyList,
  keyListQuery,
  keyWithSecret,
  rotateInput,
  tenantAnswer,
  tenantInput,
  tenantList,
} from '@outrigger/contracts';
import { refuse } from '@outrigger/core';
import { type Authenticator, makeKey, makeSecret } from '@outrigger/pipeline';
import {
  createKey,
  createTenant,
  type KeyRecord,
  listKeys,
  type Pool,
  readKey,
  readTenants,
  revokeKey,
  rotateKey,
} from '@outrigger/store';
import { Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const BODY_LIMIT_BYTES = 16_384;
const MOST_KEYS = 1_000;
const GROUP = 'Keys and sandboxes';

const LIST_TENANTS: RouteDescription = {
  group: GROUP,
  summary: 'List organisations and their sandboxes',
  answers: { 200: tenantList },
};
const CREATE_TENANT: RouteDescription = {
  group: GROUP,
  summary: 'Create a sandbox of an organisation; one that is there is left as it is',
  body: { schema: tenantInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: tenantAnswer },
};
const LIST: RouteDescription = {
  group: GROUP,
  summary: 'List keys, newest first',
  query: keyListQuery,
  answers: { 200: keyList },
};
const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Create a key; the answer is the only place where its secret is shown',
  body: { schema: keyInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: keyWithSecret },
  errors: ['KEY-000002'],
};
const ROTATE: RouteDescription = {
  group: GROUP,
  summary: 'Give a key a new secret; the present one is taken for a while, if you say so',
  body: { schema: rotateInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: keyWithSecret },
  errors: ['KEY-000001'],
};
const REVOKE: RouteDescription = {
  group: GROUP,
  summary: 'Revoke a key for good: it stops to work within seconds',
  answers: { 200: keyAnswer },
  errors: ['KEY-000001'],
};

/** Keys and sandboxes of the whole installation. They concern every tenant, so they need the scope `operate`. */
export function keyRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.get(
    '/operations/tenants',
    route(authenticate, 'operate', LIST_TENANTS, async () => {
      const data = (await readTenants(pool)).map(({ orgId, sandboxName }) => ({ orgId, sandboxName }));
      return { status: 200, body: { data } };
    }),
  );
  router.post(
    '/operations/tenants',
    route(authenticate, 'operate', CREATE_TENANT, async ({ caller, body }) => {
      const parsed = parseClosed(tenantInput, body, 'the sandbox');
      if ('refusal' in parsed) return parsed;
      const { orgId, sandboxName } = parsed.value;
      await createTenant(pool, orgId, sandboxName, caller.keyId);
      return { status: 200, body: { orgId, sandboxName } };
    }),
  );
  router.get(
    '/operations/keys',
    route(authenticate, 'operate', LIST, async ({ req }) => {
      const query = parseClosed(keyListQuery, req.query, 'the query');
      if ('refusal' in query) return query;
      const { orgId } = query.value;
      const keys = await listKeys(pool, { ...(orgId !== undefined && { orgId }), limit: MOST_KEYS });
      return { status: 200, body: { data: keys.map(keyBody) } };
    }),
  );
  router.post(
    '/operations/keys',
    route(authenticate, 'operate', CREATE, async ({ caller, body }) => {
      const parsed = parseClosed(keyInput, body, 'the key');
      if ('refusal' in parsed) return parsed;
      const { secret, ...made } = makeKey();
      const wanted = { ...parsed.value, ...made, expiresAt: parsed.value.expiresAt ?? null };
      const created = await createKey(pool, wanted, caller.keyId);
      if ('noSandbox' in created) {
        return { refusal: refuse('KEY-000002', undefined, { sandboxName: created.noSandbox }) };
      }
      return { status: 201, body: { ...keyBody(created.key), secret } };
    }),
  );
  router.post(
    '/operations/keys/:keyId/rotate',
    route(authenticate, 'operate', ROTATE, async ({ caller, req, body }) => {
      const parsed = parseClosed(rotateInput, body, 'the rotation');
      if ('refusal' in parsed) return parsed;
      const { secret, secretHash } = makeSecret();
      const until = new Date(Date.now() + parsed.value.graceSeconds * 1_000);
      const rotated = await rotateKey(pool, pathParameter(req, 'keyId'), secretHash, until, caller.keyId);
      return rotated ? { status: 200, body: { ...keyBody(rotated), secret } } : { refusal: refuse('KEY-000001') };
    }),
  );
  router.delete(
    '/operations/keys/:keyId',
    route(authenticate, 'operate', REVOKE, async ({ caller, req }) => {
      const keyId = pathParameter(req, 'keyId');
      if (!(await revokeKey(pool, keyId, caller.keyId))) return { refusal: refuse('KEY-000001') };
      return { status: 200, body: keyBody((await readKey(pool, keyId))!) };
    }),
  );
  return router;
}

function keyBody({ createdAt, expiresAt, revokedAt, rotatedAt, previousUntil, ...key }: KeyRecord) {
  return {
    ...key,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    rotatedAt: rotatedAt?.toISOString() ?? null,
    previousUntil: previousUntil?.toISOString() ?? null,
  };
}

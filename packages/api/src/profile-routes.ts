import { peopleSettingsInput, profileInput } from '@outrigger/contracts';
import { isUuid, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  deleteIdentity,
  deleteProfile,
  findProfile,
  listProfiles,
  type Pool,
  type ProfileInput,
  readPeopleSettings,
  readProfile,
  type UpsertMode,
  upsertProfiles,
  writePeopleSettings,
} from '@outrigger/store';
import { type Request, Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { type Handler, pathParameter, route } from './context.ts';
import { readKeysetPage } from './keyset-page.ts';
import { profileBody } from './profile-body.ts';
import * as about from './profile-descriptions.ts';

/** Profiles: write, read by id and by identity, list, erase, and how the sandbox treats people. */
export function profileRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.put('/profiles', route(authenticate, 'manage', about.REPLACE, writeHandler(pool, 'replace')));
  router.patch('/profiles', route(authenticate, 'manage', about.MERGE, writeHandler(pool, 'merge')));
  router.get(
    '/profiles',
    route(authenticate, 'read', about.LIST, async ({ caller, req }) => {
      const page = readKeysetPage(req);
      if ('refusal' in page) return page;
      const profiles = await listProfiles(pool, caller.tenant.tenantId, page);
      const next = profiles.length === page.limit ? profiles.at(-1)!.profileId : null;
      return { status: 200, body: { data: profiles.map(profileBody), _page: { count: profiles.length, next } } };
    }),
  );
  router.get(
    '/profiles/:profileId',
    route(authenticate, 'read', about.READ, async ({ caller, req }) => {
      const profileId = pathParameter(req, 'profileId');
      const profile = isUuid(profileId) ? await readProfile(pool, caller.tenant.tenantId, profileId) : undefined;
      return profile ? { status: 200, body: profileBody(profile) } : unknown();
    }),
  );
  router.delete(
    '/profiles/:profileId',
    route(authenticate, 'manage', about.ERASE, async ({ caller, req }) => {
      const profileId = pathParameter(req, 'profileId');
      const deleted = isUuid(profileId) && (await deleteProfile(pool, caller.tenant.tenantId, profileId));
      return deleted ? { status: 200, body: {} } : unknown();
    }),
  );
  router.get(
    '/profiles/identities/:namespace/:value',
    route(authenticate, 'read', about.FIND, async ({ caller, req }) => {
      const profile = await findProfile(pool, caller.tenant.tenantId, identityOf(req));
      return profile ? { status: 200, body: profileBody(profile) } : unknown();
    }),
  );
  router.delete(
    '/profiles/identities/:namespace/:value',
    route(authenticate, 'manage', about.REMOVE_IDENTITY, async ({ caller, req }) => {
      const outcome = await deleteIdentity(pool, caller.tenant.tenantId, identityOf(req));
      if (outcome === 'last') return { refusal: refuse('PRF-000002') };
      return outcome === 'deleted' ? { status: 200, body: {} } : unknown();
    }),
  );
  router.get(
    '/settings/people',
    route(authenticate, 'read', about.READ_SETTINGS, async ({ caller }) => ({
      status: 200,
      body: await readPeopleSettings(pool, caller.tenant.tenantId),
    })),
  );
  router.put(
    '/settings/people',
    route(authenticate, 'manage', about.WRITE_SETTINGS, async ({ caller, body }) => {
      const parsed = parseClosed(peopleSettingsInput, body, 'the settings');
      if ('refusal' in parsed) return parsed;
      await writePeopleSettings(pool, caller.tenant.tenantId, parsed.value);
      return { status: 200, body: parsed.value };
    }),
  );
  return router;
}

function writeHandler(pool: Pool, mode: UpsertMode): Handler {
  return async ({ caller, body }) => {
    const parsed = parseClosed(profileInput, body, 'the profile');
    if ('refusal' in parsed) return parsed;
    const { tenantId } = caller.tenant;
    const [upserted] = await upsertProfiles(pool, tenantId, [parsed.value as ProfileInput], mode);
    const { profileId, created, merged } = upserted!;
    const profile = await readProfile(pool, tenantId, profileId);
    // Erased in this very moment: what was written is gone again.
    if (!profile) return unknown();
    return {
      status: created ? 201 : 200,
      body: { ...profileBody(profile), ...(merged.length > 0 && { mergedProfileIds: merged }) },
    };
  };
}

const unknown = () => ({ refusal: refuse('PRF-000001') });

/** NUL cannot be stored, so no identity has one. */
function identityOf(req: Request) {
  const plain = (name: string) => pathParameter(req, name).replaceAll('\u0000', ' ').toWellFormed();
  return { namespace: plain('namespace'), value: plain('value') };
}

import { profileAnswer } from '@outrigger/contracts';
import type { JsonObject } from '@outrigger/core';
import { refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import { type Pool, putProfile } from '@outrigger/store';
import { Router } from 'express';
import { z } from 'zod';
import { route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const BODY_LIMIT_BYTES = 262_144;
const profileInput = z.strictObject({
  identities: z
    .array(z.strictObject({ namespace: z.string().min(1).max(64), value: z.string().min(1).max(320) }))
    .min(1)
    .max(20),
  attributes: z.record(z.string(), z.unknown()),
});

const PUT: RouteDescription = {
  group: 'Profiles',
  summary: 'Create or replace the profile behind these identities',
  body: { schema: profileInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: profileAnswer },
};

/** `PUT /profiles`: creates or replaces the profile behind the given identities. */
export function profileRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.put(
    '/profiles',
    route(deps.authenticate, 'manage', PUT, async ({ caller, body }) => {
      const parsed = profileInput.safeParse(body);
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        return { refusal: refuse('MSG-000009', `${issue.path.join('.') || 'profile'}: ${issue.message}.`) };
      }
      const { identities, attributes } = parsed.data;
      const profileId = await putProfile(deps.pool, caller.tenant.tenantId, identities, attributes as JsonObject);
      return { status: 200, body: { profileId, identities, attributes } };
    }),
  );
  return router;
}

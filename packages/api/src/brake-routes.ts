import { brakeAnswer, brakeList, releasedBrake, tenantBrakeList } from '@outrigger/contracts';
import { isUuid, LANE_NAMES, type Refusal, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import { applyBrake, type Brake, listBrakes, type Pool, readCampaign, releaseBrake } from '@outrigger/store';
import { Router } from 'express';
import { z } from 'zod';
import { parseClosed, plainText } from './closed-input.ts';
import { type Answer, pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const BODY_LIMIT_BYTES = 4_096;
/** A tenant brake has one target. */
const WHOLE_TENANT = 'all';

const effect = {
  action: z.enum(['pause', 'throttle', 'cancel']),
  ratePerSecond: z.number().min(0.01).max(100_000).optional(),
};
const tenantBrake = z.strictObject({ scope: z.enum(['campaign', 'tenant']), target: plainText.optional(), ...effect });
const everybodysBrake = z.strictObject({ scope: z.enum(['lane', 'provider']), target: plainText, ...effect });

const GROUP = 'Operations';
const LIST: RouteDescription = {
  group: GROUP,
  summary: 'Brakes in force on what this sandbox sends',
  answers: { 200: tenantBrakeList },
};
const APPLY: RouteDescription = {
  group: GROUP,
  summary: 'Pause, throttle or cancel a campaign, or everything that this sandbox sends',
  body: { schema: tenantBrake, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: brakeAnswer },
  errors: ['MSG-000010'],
};
const RELEASE: RouteDescription = {
  group: GROUP,
  summary: 'Release a brake; what it held goes on',
  answers: { 200: releasedBrake },
  errors: ['OPS-000007'],
};
const LIST_ALL: RouteDescription = {
  group: GROUP,
  summary: 'Brakes in force on lanes and providers',
  answers: { 200: brakeList },
};
const APPLY_TO_ALL: RouteDescription = {
  group: GROUP,
  summary: 'Pause, throttle or cancel a lane or a provider account, for every tenant',
  body: { schema: everybodysBrake, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: brakeAnswer },
};

type Wanted = Pick<Brake, 'scope' | 'target' | 'action' | 'ratePerSecond'>;

/**
 * Brakes: a tenant's own on its campaigns or on everything it sends (`manage`), and those on lanes and providers, which concern
 * every tenant (`operate`). A brake is in force for every claim after the answer.
 */
export function brakeRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });

  router.get(
    '/brakes',
    route(authenticate, 'read', LIST, async ({ caller }) => {
      const [own, everybodys] = await Promise.all([listBrakes(pool, caller.tenant.tenantId), listBrakes(pool, null)]);
      return { status: 200, body: { data: own.map(brakeBody), everybody: everybodys.map(outline) } };
    }),
  );
  router.post(
    '/brakes',
    route(authenticate, 'manage', APPLY, async ({ caller, body }) => {
      const parsed = parseClosed(tenantBrake, body, 'the brake');
      if ('refusal' in parsed) return parsed;
      const { tenantId } = caller.tenant;
      const { scope, target = scope === 'tenant' ? WHOLE_TENANT : '' } = parsed.value;
      if (scope === 'tenant' && target !== WHOLE_TENANT) {
        return { refusal: refuse('MSG-000009', 'A tenant brake has no target; leave it out.') };
      }
      const known = scope === 'tenant' || (isUuid(target) && (await readCampaign(pool, tenantId, target)));
      if (!known) return { refusal: refuse('MSG-000010', undefined, { campaignId: target }) };
      return applyAnswer(pool, tenantId, { ...parsed.value, target }, caller.keyId);
    }),
  );
  router.delete(
    '/brakes/:brakeId',
    route(authenticate, 'manage', RELEASE, async ({ caller, req }) =>
      releaseAnswer(pool, caller.tenant.tenantId, pathParameter(req, 'brakeId'), caller.keyId),
    ),
  );

  router.get(
    '/operations/brakes',
    route(authenticate, 'operate', LIST_ALL, async () => ({
      status: 200,
      body: { data: (await listBrakes(pool, null)).map(brakeBody) },
    })),
  );
  router.post(
    '/operations/brakes',
    route(authenticate, 'operate', APPLY_TO_ALL, async ({ caller, body }) => {
      const parsed = parseClosed(everybodysBrake, body, 'the brake');
      if ('refusal' in parsed) return parsed;
      const { scope, target } = parsed.value;
      if (scope === 'lane' && !LANE_NAMES.some((lane) => lane === target)) {
        return { refusal: refuse('MSG-000009', `target must be one of ${LANE_NAMES.join(', ')}.`) };
      }
      return applyAnswer(pool, null, parsed.value, caller.keyId);
    }),
  );
  router.delete(
    '/operations/brakes/:brakeId',
    route(authenticate, 'operate', RELEASE, async ({ caller, req }) =>
      releaseAnswer(pool, null, pathParameter(req, 'brakeId'), caller.keyId),
    ),
  );
  return router;
}

async function applyAnswer(
  pool: Pool,
  tenantId: number | null,
  { scope, target, action, ratePerSecond }: Omit<Wanted, 'ratePerSecond'> & { ratePerSecond?: number | undefined },
  by: string,
): Promise<Answer> {
  const refusal = rateProblem(action, ratePerSecond);
  if (refusal) return { refusal };
  const wanted = { tenantId, scope, target, action, ratePerSecond: ratePerSecond ?? null, by };
  return { status: 201, body: brakeBody(await applyBrake(pool, wanted)) };
}

function rateProblem(action: Brake['action'], ratePerSecond: number | undefined): Refusal | undefined {
  if (action === 'throttle' && ratePerSecond === undefined) {
    return refuse('MSG-000009', 'A throttle needs ratePerSecond: how many messages may go in a second.');
  }
  if (action !== 'throttle' && ratePerSecond !== undefined) {
    return refuse('MSG-000009', `ratePerSecond belongs to a throttle; a ${action} has none.`);
  }
  return undefined;
}

async function releaseAnswer(pool: Pool, tenantId: number | null, brakeId: string, by: string): Promise<Answer> {
  const released = isUuid(brakeId) ? await releaseBrake(pool, tenantId, brakeId, by) : undefined;
  return released
    ? { status: 200, body: { ...brakeBody(released), releasedAt: released.releasedAt?.toISOString() } }
    : { refusal: refuse('OPS-000007', undefined, { brakeId }) };
}

function brakeBody(brake: Brake) {
  return { ...outline(brake), createdBy: brake.createdBy, heldMessages: brake.held };
}

/** What a tenant may know of a brake that concerns everybody: who made it and how much it holds is not about the tenant. */
function outline({ brakeId, scope, target, action, ratePerSecond, createdAt }: Brake) {
  const rate = ratePerSecond === null ? {} : { ratePerSecond };
  return { brakeId, scope, target, action, ...rate, createdAt: createdAt.toISOString() };
}

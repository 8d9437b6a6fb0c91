import { channelConfigurationInput, surfaceAnswer, surfaceList } from '@outrigger/contracts';
import { type Channel, isUuid, parseEmailAddress, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  type ChannelConfiguration,
  insertConfiguration,
  listConfigurations,
  type Pool,
  readConfiguration,
} from '@outrigger/store';
import { Router } from 'express';
import { pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const BODY_LIMIT_BYTES = 65_536;

const GROUP = 'Channel configurations';
const LIST: RouteDescription = { group: GROUP, summary: 'List channel configurations', answers: { 200: surfaceList } };
const READ: RouteDescription = {
  group: GROUP,
  summary: 'Read a channel configuration',
  path: { channel: 'email, sms or push' },
  answers: { 200: surfaceAnswer },
  errors: ['MSG-000404'],
};
const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Create a channel configuration: who messages come from',
  body: { schema: channelConfigurationInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: surfaceAnswer },
  errors: ['CMP-000005'],
};

/** Channel configurations (surfaces): list, read, create (spec 3). */
export function surfaceRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.get(
    '/metadata/surfaces',
    route(authenticate, 'read', LIST, async ({ caller }) => {
      const surfaces = await listConfigurations(pool, caller.tenant.tenantId);
      return { status: 200, body: { data: surfaces.map(surfaceBody) } };
    }),
  );
  router.get(
    '/metadata/surfaces/:channel/:surfaceId',
    route(authenticate, 'read', READ, async ({ caller, req }) => {
      const surfaceId = pathParameter(req, 'surfaceId');
      const surface = isUuid(surfaceId) && (await readConfiguration(pool, caller.tenant.tenantId, surfaceId));
      if (!surface || surface.channel !== pathParameter(req, 'channel').toLowerCase()) {
        return {
          refusal: refuse('MSG-000404', 'There is no such channel configuration in this sandbox.', { surfaceId }),
        };
      }
      return { status: 200, body: surfaceBody(surface) };
    }),
  );
  router.post(
    '/metadata/surfaces',
    route(authenticate, 'manage', CREATE, async ({ caller, body }) => {
      const parsed = channelConfigurationInput.safeParse(body);
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        return { refusal: refuse('MSG-000009', `${issue.path.join('.') || 'surface'}: ${issue.message}.`) };
      }
      const input = parsed.data;
      for (const [name, value] of Object.entries(input.settings)) {
        if (!name.endsWith('_email')) continue;
        const address = parseEmailAddress(String(value));
        if ('problem' in address) return { refusal: refuse('MSG-000009', `settings.${name}: ${address.problem}.`) };
      }
      const surface = await insertConfiguration(pool, {
        tenantId: caller.tenant.tenantId,
        name: input.name,
        channel: input.channel.toLowerCase() as Channel,
        category: input.category,
        settings: input.settings,
      });
      if (!surface)
        return { refusal: refuse('CMP-000005', `There is already a channel configuration named ${input.name}.`) };
      return { status: 201, body: surfaceBody(surface) };
    }),
  );
  return router;
}

function surfaceBody(surface: ChannelConfiguration) {
  return {
    surfaceId: surface.configurationId,
    surfaceType: surface.channel === 'push' ? 'appConfigurationId' : 'brandingPresetId',
    name: surface.name,
    channel: surface.channel.toUpperCase(),
    category: surface.category,
    status: surface.status,
    settings: surface.settings,
    createdAt: surface.createdAt.toISOString(),
    modifiedAt: surface.modifiedAt.toISOString(),
  };
}

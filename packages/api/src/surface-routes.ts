import { configurationProblems, processConfiguration, updateConfiguration } from '@outrigger/authoring';
import { channelConfigurationChange, channelConfigurationInput, duplicateConfiguration } from '@outrigger/contracts';
import { type Channel, isUuid, type JsonValue, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  type ChannelConfiguration,
  deactivateConfiguration,
  describeConfiguration,
  editConfiguration,
  insertConfiguration,
  listConfigurations,
  moveConfiguration,
  type Pool,
  readConfiguration,
} from '@outrigger/store';
import { Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { type Answer, type Handler, pathParameter, route } from './context.ts';
import { listEnvelope } from './list-envelope.ts';
import { readPage } from './page.ts';
import * as describe from './surface-descriptions.ts';

type Use = (surface: ChannelConfiguration, call: Parameters<Handler>[0]) => Promise<Answer>;

/** Channel configurations (surfaces) and their life cycle (spec 3.1): core's configuration-states.ts has the table. */
export function surfaceRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const found =
    (use: Use): Handler =>
    async (call) => {
      const surfaceId = pathParameter(call.req, 'surfaceId');
      const surface = isUuid(surfaceId) && (await readConfiguration(pool, call.caller.tenant.tenantId, surfaceId));
      return surface && surface.channel === pathParameter(call.req, 'channel').toLowerCase()
        ? use(surface, call)
        : { refusal: refuse('SRF-000001', undefined, { surfaceId }) };
    };
  const one = '/metadata/surfaces/:channel/:surfaceId';

  router.get(
    '/metadata/surfaces',
    route(authenticate, 'read', describe.LIST, async ({ caller, req }) => {
      const page = readPage(req, 50);
      if ('refusal' in page) return page;
      const { configurations, totalCount } = await listConfigurations(pool, caller.tenant.tenantId, {
        limit: page.count,
        offset: (page.page - 1) * page.count,
      });
      const data = configurations.map(surfaceBody);
      return { status: 200, body: listEnvelope(data, totalCount, page, `${req.baseUrl}${req.path}`) };
    }),
  );
  router.get(
    one,
    route(
      authenticate,
      'read',
      describe.READ,
      found(async (surface) => ok(surface)),
    ),
  );
  router.post(
    '/metadata/surfaces',
    route(authenticate, 'manage', describe.CREATE, async ({ caller, body }) => createAnswer(caller, body)),
  );
  router.put(
    one,
    route(
      authenticate,
      'manage',
      describe.CHANGE,
      found((surface, { caller, body }) => changeAnswer(surface, body, caller.keyId)),
    ),
  );
  for (const [action, description, done] of [
    ['submit', describe.SUBMIT, 'submitted'],
    ['reactivate', describe.REACTIVATE, 'activated again'],
  ] as const) {
    router.post(
      `${one}/${action}`,
      route(
        authenticate,
        'manage',
        description,
        found(async (surface, { caller }) => {
          const processing = await moveConfiguration(pool, surface, action, caller.keyId);
          if (!processing) return wrongStatus(surface, done);
          const processed = await processConfiguration(pool, processing, caller.keyId);
          return processed ? ok(processed) : wrongStatus(surface, `${done}; somebody else did at the same time`);
        }),
      ),
    );
  }
  router.post(
    `${one}/deactivate`,
    route(
      authenticate,
      'manage',
      describe.DEACTIVATE,
      found(async (surface, { caller }) => {
        const result = await deactivateConfiguration(pool, surface, caller.keyId);
        if ('configuration' in result) return ok(result.configuration);
        if (result.obstacle === 'in_use') {
          const campaigns = result.campaignIds.slice(0, 5).join(', ');
          return { refusal: refuse('SRF-000003', undefined, { surfaceId: surface.configurationId, campaigns }) };
        }
        return wrongStatus(surface, result.obstacle === 'updating' ? 'deactivated during an update' : 'deactivated');
      }),
    ),
  );
  router.post(
    `${one}/duplicate`,
    route(
      authenticate,
      'manage',
      describe.DUPLICATE,
      found(async (surface, { caller, body }) => {
        const parsed = parseClosed(duplicateConfiguration, body, 'the duplicate');
        if ('refusal' in parsed) return parsed;
        const copy = await insertConfiguration(pool, { ...surface, name: parsed.value.name, by: caller.keyId });
        return copy ? ok(copy, 201) : nameTaken(parsed.value.name);
      }),
    ),
  );

  /** Creates a draft, and submits it at once unless the author wants to keep it as one. */
  async function createAnswer(caller: Parameters<Handler>[0]['caller'], given: JsonValue): Promise<Answer> {
    const parsed = channelConfigurationInput.safeParse(given);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      return { refusal: refuse('MSG-000009', `${issue.path.join('.') || 'surface'}: ${issue.message}.`) };
    }
    const { channel, highThroughputMode, draft, ...input } = parsed.data;
    const configuration = {
      ...input,
      tenantId: caller.tenant.tenantId,
      channel: channel.toLowerCase() as Channel,
      highThroughput: highThroughputMode,
    };
    // What is submitted at once and cannot be in force is refused; nobody has to clean a failed one up.
    const problems = draft ? [] : await configurationProblems(configuration);
    if (problems.length > 0) return invalid(problems);
    const created = await insertConfiguration(pool, { ...configuration, by: caller.keyId });
    if (!created) return nameTaken(input.name);
    if (draft) return ok(created, 201);
    const processing = await moveConfiguration(pool, created, 'submit', caller.keyId);
    const processed = processing && (await processConfiguration(pool, processing, caller.keyId));
    return ok(processed ?? created, 201);
  }

  async function changeAnswer(surface: ChannelConfiguration, given: JsonValue, by: string): Promise<Answer> {
    const parsed = parseClosed(channelConfigurationChange[surface.channel], given, 'the channel configuration');
    if ('refusal' in parsed) return parsed;
    const { name, description, category, highThroughputMode, settings } = parsed.value;
    const wanted = {
      name: name ?? surface.name,
      description: description ?? surface.description,
      category: category ?? surface.category,
      highThroughput: highThroughputMode ?? surface.highThroughput,
      settings: (settings as Record<string, unknown> | undefined) ?? surface.settings,
    };
    if (surface.status !== 'Active') {
      const edited = await editConfiguration(pool, surface, wanted, by);
      if (edited === 'name_taken') return nameTaken(wanted.name);
      return edited ? ok(edited) : wrongStatus(surface, 'edited');
    }
    if (wanted.name !== surface.name || wanted.highThroughput !== surface.highThroughput) {
      return { refusal: refuse('SRF-000002', 'Name, channel and mode of an active configuration cannot change.') };
    }
    if (settings && surface.channel === 'push') {
      return {
        refusal: refuse('SRF-000002', 'The settings of an active push configuration cannot change; make another.'),
      };
    }
    const described = await describeConfiguration(pool, surface, wanted, by);
    if (!described) {
      return { refusal: refuse('SRF-000003', 'The category of a configuration in use cannot change.') };
    }
    if (!settings) return ok(described);
    const updated = await updateConfiguration(pool, described, wanted.settings, by);
    return updated ? ok(updated) : wrongStatus(surface, 'updated; it changed meanwhile');
  }
  return router;
}

const ok = (surface: ChannelConfiguration, status = 200): Answer => ({ status, body: surfaceBody(surface) });
const nameTaken = (name: string): Answer => ({
  refusal: refuse('CMP-000005', `There is already a channel configuration named ${name}.`),
});

function invalid(problems: string[]): Answer {
  const context = Object.fromEntries(problems.slice(0, 20).map((problem, index) => [`problem${index + 1}`, problem]));
  return { refusal: refuse('SRF-000004', problems[0], context) };
}

function wrongStatus(surface: ChannelConfiguration, action: string): Answer {
  const title = `The channel configuration is ${surface.status.toLowerCase()} and cannot be ${action}.`;
  return { refusal: refuse('SRF-000002', title, { surfaceId: surface.configurationId, status: surface.status }) };
}

function surfaceBody(surface: ChannelConfiguration) {
  const { updateStatus, updateSettings, problems } = surface;
  return {
    surfaceId: surface.configurationId,
    surfaceType: surface.channel === 'push' ? 'appConfigurationId' : 'brandingPresetId',
    name: surface.name,
    description: surface.description,
    channel: surface.channel.toUpperCase(),
    category: surface.category,
    highThroughputMode: surface.highThroughput,
    status: surface.status,
    /** In force while the configuration is active. */
    settings: surface.settings,
    revision: surface.revision,
    ...(updateStatus !== null && {
      update: { status: updateStatus, ...(updateStatus !== 'Success' && { settings: updateSettings }) },
    }),
    problems,
    createdAt: surface.createdAt.toISOString(),
    createdBy: surface.createdBy,
    modifiedAt: surface.modifiedAt.toISOString(),
    modifiedBy: surface.modifiedBy,
  };
}

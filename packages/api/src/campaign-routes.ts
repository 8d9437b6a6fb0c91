import { activateCampaign, type Finding, sampleCurl, validateCampaign } from '@outrigger/authoring';
import { type CampaignDefinition, campaignDefinition } from '@outrigger/contracts';
import { isUuid, type JsonValue, type Refusal, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  type Campaign,
  type CampaignStatus,
  insertCampaign,
  listCampaigns,
  listVersions,
  type Pool,
  readCampaign,
  readVersion,
  saveDraft,
  stopCampaign,
} from '@outrigger/store';
import { type Request, Router } from 'express';
import { campaignBody } from './campaign-body.ts';
import * as describe from './campaign-descriptions.ts';
import { type Answer, type Handler, pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';
import { readPage } from './page.ts';

const DEFAULT_STATUSES: CampaignStatus[] = ['DRAFT', 'SCHEDULED', 'LIVE'];

export type CampaignRoutesDeps = { pool: Pool; authenticate: Authenticator; ingressUrl: string };

/** Campaigns: create, edit, read, list, validate, activate, stop, and the sample call of a live one. */
export function campaignRoutes(deps: CampaignRoutesDeps): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const reads = (description: RouteDescription, handler: Handler) => route(authenticate, 'read', description, handler);
  const writes = (description: RouteDescription, handler: Handler) =>
    route(authenticate, 'manage', description, handler);
  /** Runs `use` with the tenant's campaign of the path; another tenant's is as unknown as none. */
  const withCampaign =
    (use: (campaign: Campaign, call: Parameters<Handler>[0]) => Promise<Answer>): Handler =>
    async (call) => {
      const campaignId = pathParameter(call.req, 'campaignId');
      const campaign = isUuid(campaignId) && (await readCampaign(pool, call.caller.tenant.tenantId, campaignId));
      return campaign ? use(campaign, call) : { refusal: refuse('MSG-000010', undefined, { campaignId }) };
    };

  router.get(
    '/campaigns',
    reads(describe.LIST, async ({ caller, req }) => listAnswer(pool, caller.tenant.tenantId, req)),
  );
  router.post(
    '/campaigns',
    writes(describe.CREATE, async ({ caller, body }) => {
      const parsed = parseDefinition(body);
      if ('refusal' in parsed) return parsed;
      const { definition } = parsed;
      const campaign = await insertCampaign(pool, {
        tenantId: caller.tenant.tenantId,
        name: definition.name,
        description: definition.description,
        category: definition.category,
        highThroughput: definition.highThroughputMode,
        draft: definition,
        by: caller.keyId,
      });
      return { status: 201, body: campaignBody(campaign) };
    }),
  );
  router.get(
    '/campaigns/:campaignId',
    reads(
      describe.READ,
      withCampaign(async (campaign) => readAnswer(pool, campaign)),
    ),
  );
  router.put(
    '/campaigns/:campaignId',
    writes(
      describe.EDIT,
      withCampaign(async (campaign, { caller, body }) => editAnswer(pool, campaign, body, caller.keyId)),
    ),
  );
  router.get(
    '/campaigns/:campaignId/publish/validation',
    reads(
      describe.VALIDATE,
      withCampaign(async (campaign) => validationAnswer(pool, campaign)),
    ),
  );
  router.post(
    '/campaigns/:campaignId/publish',
    writes(
      describe.PUBLISH,
      withCampaign(async (campaign, { caller }) => publishAnswer(pool, campaign, caller.keyId)),
    ),
  );
  router.post(
    '/campaigns/:campaignId/stop',
    writes(
      describe.STOP,
      withCampaign(async (campaign, { caller }) => {
        const stopped = await stopCampaign(pool, campaign.tenantId, campaign.campaignId, caller.keyId);
        return stopped ? { status: 200, body: campaignBody(stopped) } : wrongStatus(campaign, 'stopped');
      }),
    ),
  );
  router.get(
    '/campaigns/:campaignId/versions',
    reads(
      describe.VERSIONS,
      withCampaign(async (campaign) => {
        const versions = await listVersions(pool, campaign.tenantId, campaign.campaignId);
        const data = versions.map(({ versionId, number, activatedAt, definition }) => ({
          versionId,
          number,
          activatedAt: activatedAt.toISOString(),
          live: versionId === campaign.liveVersionId,
          definition,
        }));
        return { status: 200, body: { data } };
      }),
    ),
  );
  router.get(
    '/campaigns/:campaignId/sample',
    reads(
      describe.SAMPLE,
      withCampaign(async (campaign, { caller }) => {
        const version =
          campaign.status === 'LIVE' && campaign.liveVersionId
            ? await readVersion(pool, campaign.liveVersionId)
            : undefined;
        if (!version) return wrongStatus(campaign, 'sampled; only a live one has a sample call');
        const { orgId, sandboxName } = caller.tenant;
        const curl = sampleCurl(version, { baseUrl: deps.ingressUrl, orgId, sandboxName, keyId: caller.keyId });
        return { status: 200, body: `${curl}\n`, headers: { 'content-type': 'text/plain; charset=utf-8' } };
      }),
    ),
  );
  return router;
}

function parseDefinition(body: JsonValue): { definition: CampaignDefinition } | { refusal: Refusal } {
  const parsed = campaignDefinition.safeParse(body);
  if (parsed.success) return { definition: parsed.data };
  const issue = parsed.error.issues[0]!;
  return { refusal: refuse('CMP-000001', `${issue.path.join('.') || 'campaign'}: ${issue.message}.`) };
}

async function listAnswer(pool: Pool, tenantId: number, req: Request): Promise<Answer> {
  const page = readPage(req, 50);
  if ('refusal' in page) return page;
  const nameContains = typeof req.query.name === 'string' ? req.query.name.slice(0, 200) : undefined;
  const { campaigns, totalCount } = await listCampaigns(pool, tenantId, {
    statuses: DEFAULT_STATUSES,
    ...(nameContains !== undefined && { nameContains }),
    limit: page.count,
    offset: (page.page - 1) * page.count,
  });
  const totalPages = Math.ceil(totalCount / page.count);
  return {
    status: 200,
    body: {
      data: campaigns.map((campaign) => campaignBody(campaign)),
      _page: { count: campaigns.length, page: page.page, totalPages, totalCount },
    },
  };
}

async function readAnswer(pool: Pool, campaign: Campaign): Promise<Answer> {
  const live = campaign.liveVersionId ? await readVersion(pool, campaign.liveVersionId) : undefined;
  return { status: 200, body: campaignBody(campaign, live) };
}

async function editAnswer(pool: Pool, campaign: Campaign, body: JsonValue, by: string): Promise<Answer> {
  const parsed = parseDefinition(body);
  if ('refusal' in parsed) return parsed;
  const { definition } = parsed;
  // Category and mode decide endpoint and consent; they are picked at creation (spec 1, step 1).
  if (definition.category !== campaign.category || definition.highThroughputMode !== campaign.highThroughput) {
    return { refusal: refuse('CMP-000001', 'category and highThroughputMode cannot change; create another campaign.') };
  }
  const saved = await saveDraft(pool, campaign.tenantId, campaign.campaignId, {
    name: definition.name,
    description: definition.description,
    draft: definition,
    by,
  });
  return saved ? { status: 200, body: campaignBody(saved) } : wrongStatus(campaign, 'edited');
}

async function validationAnswer(pool: Pool, campaign: Campaign): Promise<Answer> {
  const validation = await validateCampaign(pool, campaign);
  return validation
    ? { status: 200, body: reportBody(validation.findings) }
    : wrongStatus(campaign, 'validated; it has no draft');
}

async function publishAnswer(pool: Pool, campaign: Campaign, by: string): Promise<Answer> {
  const activation = await activateCampaign(pool, campaign.tenantId, campaign.campaignId, by);
  switch (activation.kind) {
    case 'activated':
      return {
        status: 200,
        body: { ...campaignBody(activation.campaign), validation: reportBody(activation.findings) },
      };
    case 'invalid': {
      const errors = activation.findings.filter((finding) => finding.level === 'ERROR');
      const context = Object.fromEntries(errors.slice(0, 20).map((finding) => [finding.code, finding.message]));
      return {
        refusal: refuse('CMP-000003', `${errors.length} error(s) block activation: ${errors[0]?.message}`, context),
      };
    }
    case 'not_found':
      return { refusal: refuse('MSG-000010') };
    case 'no_draft':
      return wrongStatus(campaign, 'activated; it has no draft');
    case 'changed':
      return {
        refusal: refuse('CMP-000002', 'The draft changed while it was being activated; look at it and try again.'),
      };
    default:
      return activation satisfies never;
  }
}

function reportBody(findings: Finding[]) {
  const errorLevel = findings.some((finding) => finding.level === 'ERROR')
    ? 'ERROR'
    : findings.length > 0
      ? 'WARNING'
      : null;
  return { errorLevel, results: findings };
}

function wrongStatus(campaign: Campaign, action: string): Answer {
  const title = `The campaign is ${campaign.status.toLowerCase()} and cannot be ${action}.`;
  return { refusal: refuse('CMP-000002', title, { campaignId: campaign.campaignId, status: campaign.status }) };
}

import { sampleCurl, validateCampaign } from '@outrigger/authoring';
import { type CampaignDefinition, campaignDefinition } from '@outrigger/contracts';
import { refuse } from '@outrigger/core';
import { type Campaign, listVersions, readVersion } from '@outrigger/store';
import { Router } from 'express';
import { type CampaignRoutesDeps, campaignAccess, wrongStatus } from './campaign-access.ts';
import { versionBody } from './campaign-body.ts';
import * as describe from './campaign-descriptions.ts';
import { type Answer, pathParameter } from './context.ts';
import type { RouteDescription } from './describe.ts';
import { listEnvelope } from './list-envelope.ts';
import { readPage } from './page.ts';
import { reportBody } from './report-body.ts';

/** What belongs to a campaign and is only read: versions, the validation report, packages, messages, the sample call. */
export function campaignPartRoutes(deps: CampaignRoutesDeps): Router {
  const { pool } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const campaign = campaignAccess(deps);

  router.get(
    '/campaigns/:campaignId/versions',
    campaign.read(describe.VERSIONS, async (found, { req }) => {
      const page = readPage(req, 50);
      if ('refusal' in page) return page;
      const { versions, totalCount } = await listVersions(pool, found.tenantId, found.campaignId, {
        limit: page.count,
        offset: (page.page - 1) * page.count,
      });
      const data = versions.map((version) => versionBody(version, found));
      return { status: 200, body: listEnvelope(data, totalCount, page, `${req.baseUrl}${req.path}`) };
    }),
  );
  router.get(
    '/campaigns/:campaignId/publish/validation',
    campaign.read(describe.VALIDATE, async (found, { req }) => {
      const page = readPage(req, 50);
      if ('refusal' in page) return page;
      const validation = await validateCampaign(pool, deps.readFile, found);
      if (!validation) return wrongStatus(found, 'validated; it has no draft');
      const { results, ...report } = reportBody(validation.findings, found);
      const shown = results.slice((page.page - 1) * page.count, page.page * page.count);
      const { data, ...envelope } = listEnvelope(shown, results.length, page, `${req.baseUrl}${req.path}`);
      return { status: 200, body: { ...report, results: data, ...envelope } };
    }),
  );
  const part = (
    description: RouteDescription,
    parameter: 'packageId' | 'messageId',
    show: (action: CampaignDefinition['packages'][number], found: Campaign) => unknown,
  ) =>
    campaign.read(description, async (found, { req }): Promise<Answer> => {
      const id = pathParameter(req, parameter);
      const action = (await definitionOf(found))?.packages.find(({ packageId }) => packageId === id);
      return action
        ? { status: 200, body: show(action, found) }
        : { refusal: refuse('CMP-000006', undefined, { [parameter]: id }) };
    });
  router.get(
    '/campaigns/:campaignId/packages/:packageId',
    part(describe.PACKAGE, 'packageId', ({ content: _content, ...action }, { status }) => ({
      ...action,
      status,
      // A package has one message, which goes by the package's id, however many variants there are of it.
      messages: [{ messageId: action.packageId }],
    })),
  );
  router.get(
    '/campaigns/:campaignId/messages/:messageId',
    part(describe.MESSAGE, 'messageId', ({ packageId, channel, content }) => ({
      messageId: packageId,
      channel,
      content,
    })),
  );
  router.get(
    '/campaigns/:campaignId/sample',
    campaign.read(describe.SAMPLE, async (found, { caller }) => {
      const isLive = found.status === 'LIVE' && found.liveVersionId !== null;
      const version = isLive ? await readVersion(pool, found.liveVersionId!) : undefined;
      if (!version) return wrongStatus(found, 'sampled; only a live one has a sample call');
      const { orgId, sandboxName } = caller.tenant;
      const curl = sampleCurl(version, { baseUrl: deps.ingressUrl, orgId, sandboxName, keyId: caller.keyId });
      return { status: 200, body: `${curl}\n`, headers: { 'content-type': 'text/plain; charset=utf-8' } };
    }),
  );

  /** The working copy, or what the live version was made from. */
  async function definitionOf(found: Campaign): Promise<CampaignDefinition | undefined> {
    const source =
      found.draft ?? (found.liveVersionId === null ? null : (await readVersion(pool, found.liveVersionId))?.authored);
    return source ? campaignDefinition.parse(source) : undefined;
  }
  return router;
}

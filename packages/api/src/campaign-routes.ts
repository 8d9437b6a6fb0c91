import { draftOf, withPackageIds } from '@outrigger/authoring';
import { type CampaignDefinition, campaignDefinition } from '@outrigger/contracts';
import { refuse } from '@outrigger/core';
import { type Campaign, insertCampaign, listCampaigns, readAuthored, readVersion, saveDraft } from '@outrigger/store';
import { Router } from 'express';
import { type CampaignRoutesDeps, campaignAccess, columnsOf, parseDefinition, wrongStatus } from './campaign-access.ts';
import { attributesBody, availableActions, campaignBody, campaignSummary } from './campaign-body.ts';
import * as describe from './campaign-descriptions.ts';
import { campaignLifeRoutes } from './campaign-life-routes.ts';
import { campaignPartRoutes } from './campaign-part-routes.ts';
import { readCampaignQuery } from './campaign-query.ts';
import { type Answer, route } from './context.ts';
import { mount } from './describe.ts';
import { listEnvelope } from './list-envelope.ts';

export type { CampaignRoutesDeps } from './campaign-access.ts';

/** Campaigns: list, create, read, edit; then their life cycle and their parts. */
export function campaignRoutes(deps: CampaignRoutesDeps): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const campaign = campaignAccess(deps);

  router.get(
    '/campaigns',
    route(authenticate, 'read', describe.LIST, async ({ caller, req }) => {
      const query = readCampaignQuery(req);
      if ('refusal' in query) return query;
      const { statuses, conditions, order, count, page } = query;
      const found = query.nothing
        ? { campaigns: [], totalCount: 0 }
        : await listCampaigns(pool, caller.tenant.tenantId, {
            ...(statuses && { statuses }),
            ...(order && { order }),
            conditions,
            limit: count,
            offset: (page - 1) * count,
          });
      const live = found.campaigns.flatMap(({ draft, liveVersionId }) =>
        draft || !liveVersionId ? [] : liveVersionId,
      );
      const authored = query.full ? await readAuthored(pool, live) : new Map<string, Record<string, unknown>>();
      const data = found.campaigns.map((one) => ({
        ...(query.full ? campaignBody(one, authored.get(one.liveVersionId ?? '')) : campaignSummary(one)),
        ...(query.actions && { actions: availableActions(one, caller) }),
      }));
      return { status: 200, body: listEnvelope(data, found.totalCount, query, `${req.baseUrl}${req.path}`) };
    }),
  );
  router.post(
    '/campaigns',
    route(authenticate, 'manage', describe.CREATE, async ({ caller, body }) => {
      const parsed = parseDefinition(body);
      if ('refusal' in parsed) return parsed;
      const created = await insertCampaign(pool, {
        tenantId: caller.tenant.tenantId,
        ...columnsOf(withPackageIds(parsed.definition)),
        by: caller.keyId,
      });
      return { status: 201, body: { ...campaignBody(created), actions: availableActions(created, caller) } };
    }),
  );
  router.get(
    '/campaigns/:campaignId',
    campaign.read(describe.READ, async (found, { caller }) => {
      const live = found.liveVersionId ? await readVersion(pool, found.liveVersionId) : undefined;
      const body = {
        ...campaignBody(found, live?.authored),
        ...(live && { liveVersionNumber: live.number, attributes: attributesBody(live) }),
        actions: availableActions(found, caller),
      };
      return { status: 200, body };
    }),
  );
  router.put(
    '/campaigns/:campaignId',
    campaign.change(describe.EDIT, async (found, { caller, body }) => {
      const parsed = parseDefinition(body);
      if ('refusal' in parsed) return parsed;
      const saved = await edit(found, parsed.definition, caller.keyId);
      return 'campaignId' in saved
        ? { status: 200, body: { ...campaignBody(saved), actions: availableActions(saved, caller) } }
        : saved;
    }),
  );

  async function edit(found: Campaign, definition: CampaignDefinition, by: string): Promise<Campaign | Answer> {
    // Category and mode decide endpoint and consent; they are picked at creation (spec 1, step 1).
    if (definition.category !== found.category || definition.highThroughputMode !== found.highThroughput) {
      return {
        refusal: refuse('CMP-000001', 'category and highThroughputMode cannot change; create another campaign.'),
      };
    }
    const draft = withPackageIds(definition, draftOf(found) ?? (await liveDefinition(found)));
    const change = { ...columnsOf(draft), by };
    return (await saveDraft(pool, found.tenantId, found.campaignId, change)) ?? wrongStatus(found, 'edited');
  }

  /** What the version that serves was made from. */
  async function liveDefinition({ liveVersionId }: Campaign): Promise<CampaignDefinition | undefined> {
    const authored = liveVersionId === null ? undefined : (await readVersion(pool, liveVersionId))?.authored;
    return authored ? campaignDefinition.parse(authored) : undefined;
  }

  mount(router, '/', campaignLifeRoutes(deps));
  mount(router, '/', campaignPartRoutes(deps));
  return router;
}

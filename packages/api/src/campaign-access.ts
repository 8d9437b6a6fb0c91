import { channelOf } from '@outrigger/authoring';
import { type CampaignDefinition, campaignDefinition } from '@outrigger/contracts';
import { isUuid, type JsonValue, type ReadFile, type Refusal, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import { type Campaign, type Pool, readCampaign } from '@outrigger/store';
import type { RequestHandler } from 'express';
import { type Answer, type Handler, pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

export type CampaignRoutesDeps = {
  pool: Pool;
  authenticate: Authenticator;
  ingressUrl: string;
  readFile?: ReadFile | undefined;
};
type Use = (campaign: Campaign, call: Parameters<Handler>[0]) => Promise<Answer>;

/** Route handlers over the tenant's campaign of the path; another tenant's is as unknown as none. */
export function campaignAccess({ pool, authenticate }: Pick<CampaignRoutesDeps, 'pool' | 'authenticate'>) {
  const found =
    (use: Use): Handler =>
    async (call) => {
      const campaignId = pathParameter(call.req, 'campaignId');
      const campaign = isUuid(campaignId) && (await readCampaign(pool, call.caller.tenant.tenantId, campaignId));
      return campaign ? use(campaign, call) : { refusal: refuse('MSG-000010', undefined, { campaignId }) };
    };
  return {
    read: (description: RouteDescription, use: Use): RequestHandler =>
      route(authenticate, 'read', description, found(use)),
    change: (description: RouteDescription, use: Use): RequestHandler =>
      route(authenticate, 'manage', description, found(use)),
  };
}

export function parseDefinition(body: JsonValue): { definition: CampaignDefinition } | { refusal: Refusal } {
  const parsed = campaignDefinition.safeParse(body);
  if (parsed.success) return { definition: parsed.data };
  const issue = parsed.error.issues[0]!;
  return { refusal: refuse('CMP-000001', `${issue.path.join('.') || 'campaign'}: ${issue.message}.`) };
}

export function wrongStatus(campaign: Campaign, action: string): Answer {
  const status = campaign.status.toLowerCase().replace('_', ' ');
  const title = `The campaign is ${status} and cannot be ${action}.`;
  return { refusal: refuse('CMP-000002', title, { campaignId: campaign.campaignId, status: campaign.status }) };
}

/** A definition with what of it is a column, for lists. */
export function columnsOf(definition: CampaignDefinition) {
  const { name, description, category, highThroughputMode, tags } = definition;
  return {
    name,
    description,
    category,
    highThroughput: highThroughputMode,
    channel: channelOf(definition),
    tags,
    draft: definition,
  };
}

import { type Previewed, previewCampaign } from '@outrigger/authoring';
import { previewAnswer, previewRequest } from '@outrigger/contracts';
import { type Refusal, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import type { Pool } from '@outrigger/store';
import { Router } from 'express';
import { campaignAccess } from './campaign-access.ts';
import { parseClosed } from './closed-input.ts';
import { mount, type RouteDescription } from './describe.ts';
import { proofRoutes } from './proof-routes.ts';
import { contextRefusal } from './simulation-context.ts';

const PREVIEW: RouteDescription = {
  group: 'Previews',
  summary: 'Render what a campaign would send to these people, without sending it',
  details:
    'The draft is rendered where there is one, or else the live version, by what renders the messages themselves. ' +
    'Without profileAttributes the stored profile of userId is read (never for high throughput). If it fails for one ' +
    'person, the call is refused and says for whom. What a channel checks of a rendered text when it is sent, such as ' +
    'its length, is not checked here.',
  body: { schema: previewRequest, limitBytes: 1_048_576 },
  answers: { 200: previewAnswer },
  errors: ['MSG-000006', 'MSG-000007', 'MSG-000010', 'SIM-000001', 'SIM-000002', 'SIM-000003', 'SIM-000004'],
};

/** Looking at what a campaign would send (reference simulations.yaml; spec 15). */
export function simulationRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.post(
    '/campaigns/:campaignId/previews',
    campaignAccess(deps).read(PREVIEW, async (campaign, { body }) => {
      const parsed = parseClosed(previewRequest, body, 'the preview');
      if ('refusal' in parsed) return parsed;
      const items = parsed.value.previewRequestItems;
      const refused = items
        .map(({ userId, contextAttributes }) => contextRefusal('contextAttributes', userId, contextAttributes))
        .find((refusal) => refusal !== undefined);
      if (refused) return { refusal: refused };
      const previewed = await previewCampaign(deps.pool, campaign, items);
      if (previewed.kind !== 'rendered') return { refusal: refusalOf(previewed) };
      return { status: 200, body: { previews: previewed.previews } };
    }),
  );
  mount(router, '/', proofRoutes(deps));
  return router;
}

function refusalOf(previewed: Exclude<Previewed, { kind: 'rendered' }>): Refusal {
  switch (previewed.kind) {
    case 'no_content':
      return refuse('SIM-000001');
    case 'invalid': {
      const problems = previewed.problems.slice(0, 20).map(({ part, line, message }, place) => {
        const where = line === undefined ? part : `${part} (line ${line})`;
        return [String(place + 1), `${where}: ${message}`];
      });
      return refuse('SIM-000002', undefined, Object.fromEntries(problems));
    }
    case 'unknown_profile': {
      const { userId, namespace } = previewed.item;
      return refuse('SIM-000003', undefined, { userId, namespace });
    }
    case 'failed': {
      const { item, part, message } = previewed;
      return refuse('SIM-000004', `${part}: ${message}`, { userId: item.userId });
    }
    default:
      return previewed satisfies never;
  }
}

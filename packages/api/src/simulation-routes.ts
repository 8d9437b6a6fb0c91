import { type Previewed, previewCampaign } from '@outrigger/authoring';
import { type PreviewItem, previewAnswer, previewRequest, sampleForm } from '@outrigger/contracts';
import { type Refusal, refuse } from '@outrigger/core';
import { BadFile, readSamples } from '@outrigger/intake';
import type { UploadedFile } from '@outrigger/runtime';
import type { Campaign, Pool } from '@outrigger/store';
import { Router } from 'express';
import { type CampaignRoutesDeps, campaignAccess } from './campaign-access.ts';
import { parseClosed } from './closed-input.ts';
import type { Answer } from './context.ts';
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

const SAMPLES: RouteDescription = {
  group: 'Previews',
  summary: 'Render what a campaign would send to the samples of a file',
  details:
    'As a preview, for up to 30 people who are not stored. CSV: the first line names variables (profile.person.firstName, ' +
    'context.number:number). JSON: an array of objects, or one a line, with the same names. Nothing of the file is kept.',
  upload: { schema: sampleForm, limitBytes: 1_048_576 },
  answers: { 200: previewAnswer },
  errors: [
    'CSV-000001',
    'CSV-000002',
    'CSV-000003',
    'CSV-000004',
    'CSV-000005',
    'CSV-000008',
    'MSG-000006',
    'MSG-000007',
    'MSG-000010',
    'SIM-000001',
    'SIM-000002',
    'SIM-000004',
    'SIM-000007',
    'SUP-000004',
  ],
};

/** Looking at what a campaign would send (reference simulations.yaml; spec 15). */
export function simulationRoutes(deps: Pick<CampaignRoutesDeps, 'authenticate' | 'pool' | 'readFile'>): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.post(
    '/campaigns/:campaignId/previews',
    campaignAccess(deps).read(PREVIEW, async (campaign, { body }) => {
      const parsed = parseClosed(previewRequest, body, 'the preview');
      return 'refusal' in parsed ? parsed : previewAnswerOf(deps.pool, campaign, parsed.value.previewRequestItems);
    }),
  );
  router.post(
    '/campaigns/:campaignId/previews/samples',
    campaignAccess(deps).read(SAMPLES, async (campaign, { file }) => {
      const read = await samplesOf(file!);
      if ('refusal' in read) return read;
      const parsed = parseClosed(previewRequest, { previewRequestItems: read.samples }, 'the samples');
      return 'refusal' in parsed ? parsed : previewAnswerOf(deps.pool, campaign, parsed.value.previewRequestItems);
    }),
  );
  mount(router, '/', proofRoutes(deps));
  return router;
}

async function previewAnswerOf(pool: Pool, campaign: Campaign, items: PreviewItem[]): Promise<Answer> {
  const refused = items
    .map(({ userId, contextAttributes }) => contextRefusal('contextAttributes', userId, contextAttributes))
    .find((refusal) => refusal !== undefined);
  if (refused) return { refusal: refused };
  const previewed = await previewCampaign(pool, campaign, items);
  if (previewed.kind !== 'rendered') return { refusal: refusalOf(previewed) };
  return { status: 200, body: { previews: previewed.previews } };
}

async function samplesOf(file: UploadedFile): Promise<{ samples: PreviewItem[] } | { refusal: Refusal }> {
  try {
    return { samples: await readSamples(file) };
  } catch (error) {
    if (error instanceof BadFile) return { refusal: refuse(error.code, error.message) };
    throw error;
  }
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

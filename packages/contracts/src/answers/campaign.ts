import { z } from 'zod';
import { answerInstant } from './message.ts';

const finding = z
  .looseObject({ code: z.string(), level: z.enum(['ERROR', 'WARNING']), message: z.string() })
  .meta({ id: 'ValidationFinding' });

export const validationReport = z
  .object({ errorLevel: z.enum(['ERROR', 'WARNING']).nullable(), results: z.array(finding) })
  .meta({ id: 'ValidationReport' });

/** A campaign: what the author defined (as in the request), and what the system knows of it (spec 2.1). */
export const campaignAnswer = z
  .looseObject({
    campaignId: z.uuid(),
    name: z.string(),
    description: z.string(),
    campaignType: z.literal('ApiTriggered'),
    category: z.enum(['Marketing', 'Transactional']),
    highThroughputMode: z.boolean(),
    status: z.string(),
    draftVersionId: z.uuid().nullable(),
    liveVersionId: z.uuid().nullable(),
    actions: z.array(z.object({ actionType: z.string(), available: z.boolean() })),
    createdAt: answerInstant,
    createdBy: z.string(),
    modifiedAt: answerInstant,
    modifiedBy: z.string(),
    publishedAt: answerInstant.nullable(),
    firstPublishedAt: answerInstant.nullable(),
  })
  .meta({ id: 'Campaign' });

export const publishedCampaign = z.looseObject({ ...campaignAnswer.shape, validation: validationReport });

/** A page of a list that is counted in pages. */
export const campaignPage = z.object({
  data: z.array(campaignAnswer),
  _page: z.object({ count: z.int(), page: z.int(), totalPages: z.int(), totalCount: z.int() }),
});

export const versionList = z.object({
  data: z.array(
    z.object({
      versionId: z.uuid(),
      number: z.int(),
      activatedAt: answerInstant,
      live: z.boolean(),
      definition: z.looseObject({}),
    }),
  ),
});

export const surfaceAnswer = z
  .object({
    surfaceId: z.uuid(),
    surfaceType: z.enum(['appConfigurationId', 'brandingPresetId']),
    name: z.string(),
    channel: z.string(),
    category: z.enum(['Marketing', 'Transactional']),
    status: z.string(),
    settings: z.looseObject({}),
    createdAt: answerInstant,
    modifiedAt: answerInstant,
  })
  .meta({ id: 'Surface' });
export const surfaceList = z.object({ data: z.array(surfaceAnswer) });

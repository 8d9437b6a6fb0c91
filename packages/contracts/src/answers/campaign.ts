import { CAMPAIGN_ACTIONS, CAMPAIGN_STATUSES, type CampaignAction, CONFIGURATION_STATUSES } from '@outrigger/core';
import { z } from 'zod';
import { answerInstant } from './message.ts';

const notification = z
  .object({ errorLevel: z.enum(['ERROR', 'WARNING', 'INFO']), errorCode: z.string(), message: z.string() })
  .meta({ id: 'ValidationNotification' });

/** What activation would say: findings by what they concern (spec 5.3). */
export const validationReport = z
  .object({
    errorLevel: z.enum(['ERROR', 'WARNING']).nullable(),
    errorMessage: z.string().nullable(),
    results: z.array(
      z.object({
        id: z.string().describe('Of the campaign, package or channel configuration'),
        errorSource: z.enum(['CAMPAIGN', 'PACKAGE', 'MESSAGE', 'SURFACE']),
        notifications: z.array(notification),
      }),
    ),
  })
  .meta({ id: 'ValidationReport' });

const link = z.object({ href: z.string() });
const envelope = {
  _page: z.object({
    orderby: z.string().optional(),
    count: z.int(),
    page: z.int(),
    totalPages: z.int(),
    totalCount: z.int(),
    start: z.int(),
    next: z.int().nullable(),
    previous: z.int().nullable(),
    property: z.array(z.string()).optional(),
  }),
  _links: z.object({ self: link, next: link.optional(), previous: link.optional() }),
};
/** The envelope of lists that are counted in pages (spec 2.4). */
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    ...envelope,
  });
export const validationPage = z.object({ ...validationReport.shape, ...envelope });

const action = z.object({
  actionType: z.enum(Object.keys(CAMPAIGN_ACTIONS) as CampaignAction[]),
  actionName: z.string(),
  available: z.boolean().describe('Whether this caller may do it now'),
});
const summary = {
  campaignId: z.uuid(),
  name: z.string(),
  description: z.string(),
  campaignType: z.literal('ApiTriggered'),
  campaignClass: z.literal('regular'),
  category: z.enum(['Marketing', 'Transactional']),
  highThroughputMode: z.boolean(),
  channel: z.enum(['EMAIL', 'SMS', 'PUSH']).nullable(),
  tags: z.array(z.string()),
  status: z.enum(CAMPAIGN_STATUSES),
  versionId: z.uuid().nullable(),
  draftVersionId: z.uuid().nullable(),
  liveVersionId: z.uuid().nullable(),
  hasDraft: z.boolean().describe('A draft beside the version that serves'),
  createdAt: answerInstant,
  createdBy: z.string(),
  modifiedAt: answerInstant,
  modifiedBy: z.string(),
  publishedAt: answerInstant.nullable(),
  firstPublishedAt: answerInstant.nullable(),
  completedAt: answerInstant.nullable(),
  reviewRequestedBy: z.string().optional(),
  reviewMessage: z.string().optional(),
  refreshFailure: z
    .string()
    .optional()
    .describe('Why the live version could not take up a changed channel configuration or fragment'),
  actions: z.array(action).optional(),
};

/** A campaign: what the author defined (as in the request), and what the system knows of it (spec 2.1). */
export const campaignAnswer = z.looseObject(summary).meta({ id: 'Campaign' });
export const publishedCampaign = z.looseObject({ ...summary, validation: validationReport });
export const campaignPage = pageOf(campaignAnswer);

const campaignVersion = z
  .object({
    versionId: z.uuid(),
    number: z.int(),
    live: z.boolean(),
    cause: z.enum(['activation', 'configuration', 'fragment']).describe('Why the version was made'),
    activatedAt: answerInstant,
    activatedBy: z.string(),
    surfaceId: z.uuid().nullable(),
    surfaceRevision: z.int(),
    fragments: z.record(z.string(), z.int()).describe('Fragment id to the revision that was compiled in'),
    definition: z.looseObject({}),
  })
  .meta({ id: 'CampaignVersion' });
export const versionPage = pageOf(campaignVersion);

export const packageAnswer = z.looseObject({
  packageId: z.uuid(),
  channel: z.string(),
  status: z.enum(CAMPAIGN_STATUSES),
  messages: z.array(z.object({ messageId: z.uuid() })),
});
export const messageContentAnswer = z.object({
  messageId: z.uuid(),
  channel: z.string(),
  content: z.looseObject({}),
});

export const surfaceAnswer = z
  .object({
    surfaceId: z.uuid(),
    surfaceType: z.enum(['appConfigurationId', 'brandingPresetId']),
    name: z.string(),
    description: z.string(),
    channel: z.string(),
    category: z.enum(['Marketing', 'Transactional']),
    highThroughputMode: z.boolean(),
    status: z.enum(CONFIGURATION_STATUSES),
    settings: z.looseObject({}).describe('In force while the configuration is active'),
    revision: z.int().describe('Counts the settings that were put in force'),
    update: z
      .object({ status: z.enum(['Processing', 'Success', 'Failed']), settings: z.looseObject({}).nullish() })
      .optional()
      .describe('The last update of an active configuration'),
    problems: z.array(z.string()).describe('Why the last submission or update failed'),
    createdAt: answerInstant,
    createdBy: z.string(),
    modifiedAt: answerInstant,
    modifiedBy: z.string(),
  })
  .meta({ id: 'Surface' });
export const surfacePage = pageOf(surfaceAnswer);

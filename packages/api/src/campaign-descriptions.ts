import {
  campaignAnswer,
  campaignDefinition,
  campaignPage,
  campaignTags,
  messageContentAnswer,
  packageAnswer,
  plainText,
  publishedCampaign,
  validationPage,
  versionPage,
} from '@outrigger/contracts';
import type { ApiErrorCode } from '@outrigger/core';
import { z } from 'zod';
import type { RouteDescription } from './describe.ts';
import { pageQuery } from './page.ts';

const GROUP = 'Campaigns';
const BODY_LIMIT_BYTES = 4 * 1_048_576;
const definition = { schema: campaignDefinition, limitBytes: BODY_LIMIT_BYTES };
const flag = z.enum(['true', 'false']).optional();

/** Bodies of the routes that take less than a definition. */
export const duplicateBody = z.strictObject({ name: plainText(255) });
export const tagsBody = z.strictObject({ tags: campaignTags });
export const changesBody = z.strictObject({ message: plainText(2_000) });

/** What the OpenAPI document says of the routes in campaign-routes.ts. */
export const LIST: RouteDescription = {
  group: GROUP,
  summary: 'List campaigns',
  details:
    'Without a condition on the status it lists drafts, scheduled and live campaigns. Conditions are joined with ; and all ' +
    'must fit: name=like="order";tags=in=("shop","b2b");createdAt>2031-05-04.',
  query: z.object({
    ...pageQuery,
    orderby: z
      .string()
      .optional()
      .describe('A property, with - before it for the other way round, such as -modifiedAt'),
    property: z
      .string()
      .optional()
      .describe('Conditions with ==, !=, =like=, =in=, < and >; may be there several times'),
    name: z.string().optional().describe('Only campaigns whose name holds this'),
    full: flag.describe('true: with the definitions'),
    actions: flag.describe('false: without the actions'),
  }),
  answers: { 200: campaignPage },
};
export const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Create a campaign as a draft',
  body: definition,
  answers: { 201: campaignAnswer },
  errors: ['CMP-000001'],
};
export const READ: RouteDescription = {
  group: GROUP,
  summary: 'Read a campaign',
  details: 'Its working copy, or the live version where there is none.',
  answers: { 200: campaignAnswer },
  errors: ['MSG-000010'],
};
export const EDIT: RouteDescription = {
  group: GROUP,
  summary: 'Replace the draft of a campaign',
  details: 'A live campaign goes on with its present version until the draft is activated.',
  body: definition,
  answers: { 200: campaignAnswer },
  errors: ['CMP-000001', 'CMP-000002', 'MSG-000010'],
};

const moves = (summary: string, more: Partial<RouteDescription> = {}): RouteDescription => ({
  group: GROUP,
  summary,
  answers: { 200: campaignAnswer },
  errors: ['CMP-000002', 'MSG-000010'],
  ...more,
});
const activates: Partial<RouteDescription> = {
  answers: { 200: publishedCampaign },
  errors: ['CMP-000002', 'CMP-000003', 'MSG-000010'],
};

/** The routes in campaign-life-routes.ts. */
export const PUBLISH = moves('Activate the draft: freeze it as a version that calls are sent by', activates);
export const APPROVE = moves('Approve what is in review and activate it', activates);
export const STOP = moves('Stop a campaign for good; what was not handed over yet is canceled');
export const ARCHIVE = moves('Archive a stopped or completed campaign; it is deleted 30 days after its last change');
export const REQUEST_REVIEW = moves('Ask for a review of a draft, which is read-only meanwhile');
export const CANCEL_REVIEW = moves('Take the request for a review back');
export const REQUEST_CHANGES = moves('Give what is in review back to its author, with a message', {
  body: { schema: changesBody, limitBytes: 16_384 },
});
export const DUPLICATE = moves('Copy a campaign in any status as a new draft', {
  body: { schema: duplicateBody, limitBytes: 16_384 },
  answers: { 201: campaignAnswer },
});
export const DELETE = moves('Delete a draft that was never live', { answers: { 200: z.object({}) } });
export const CREATE_DRAFT = moves('Begin a draft beside the live version, equal to it', {
  answers: { 201: campaignAnswer },
});
export const DISCARD_DRAFT = moves('Throw the draft beside the live version away');
export const EDIT_TAGS = moves('Replace the tags of a campaign in any status, without a new version', {
  body: { schema: tagsBody, limitBytes: 16_384 },
});

const reads = (
  summary: string,
  answer: z.ZodType | string,
  errors: ApiErrorCode[] = ['MSG-000010'],
): RouteDescription => ({ group: GROUP, summary, answers: { 200: answer }, errors });

/** The routes in campaign-part-routes.ts. */
export const VALIDATE: RouteDescription = {
  ...reads('Everything that is missing or wrong in the draft', validationPage, ['CMP-000002', 'MSG-000010']),
  query: z.object(pageQuery),
};
export const VERSIONS: RouteDescription = {
  ...reads('The versions that served, newest first', versionPage),
  query: z.object(pageQuery),
};
export const PACKAGE = reads('One channel action of a campaign', packageAnswer, ['CMP-000006', 'MSG-000010']);
export const MESSAGE = reads('The content of a channel action', messageContentAnswer, ['CMP-000006', 'MSG-000010']);
export const SAMPLE = reads('A curl command that triggers the live campaign', 'text/plain', [
  'CMP-000002',
  'MSG-000010',
]);

import {
  campaignAnswer,
  campaignDefinition,
  campaignPage,
  publishedCampaign,
  validationReport,
  versionList,
} from '@outrigger/contracts';
import { z } from 'zod';
import type { RouteDescription } from './describe.ts';
import { pageQuery } from './page.ts';

const GROUP = 'Campaigns';
const BODY_LIMIT_BYTES = 4 * 1_048_576;
const definition = { schema: campaignDefinition, limitBytes: BODY_LIMIT_BYTES };

/** What the OpenAPI document says of the routes in campaign-routes.ts. */
export const LIST: RouteDescription = {
  group: GROUP,
  summary: 'List campaigns',
  query: z.object({ ...pageQuery, name: z.string().optional().describe('Only campaigns whose name holds this') }),
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
export const VALIDATE: RouteDescription = {
  group: GROUP,
  summary: 'Everything that is missing or wrong in the draft',
  answers: { 200: validationReport },
  errors: ['CMP-000002', 'MSG-000010'],
};
export const PUBLISH: RouteDescription = {
  group: GROUP,
  summary: 'Activate the draft: freeze it as a version that calls are sent by',
  answers: { 200: publishedCampaign },
  errors: ['CMP-000002', 'CMP-000003', 'MSG-000010'],
};
export const STOP: RouteDescription = {
  group: GROUP,
  summary: 'Stop a campaign; what was not handed over yet is canceled',
  answers: { 200: campaignAnswer },
  errors: ['CMP-000002', 'MSG-000010'],
};
export const VERSIONS: RouteDescription = {
  group: GROUP,
  summary: 'The versions that were activated',
  answers: { 200: versionList },
  errors: ['MSG-000010'],
};
export const SAMPLE: RouteDescription = {
  group: GROUP,
  summary: 'A curl command that triggers the live campaign',
  answers: { 200: 'text/plain' },
  errors: ['CMP-000002', 'MSG-000010'],
};

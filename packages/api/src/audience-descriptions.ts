import {
  audienceAnswer,
  audienceCount,
  audienceInput,
  audiencePage,
  audiencePreview,
  memberPage,
  membersChanged,
  membersInput,
  nothing,
  previewInput,
} from '@outrigger/contracts';
import type { RouteDescription } from './describe.ts';
import { keysetQuery } from './keyset-page.ts';

const GROUP = 'Audiences';
const BODY_LIMIT_BYTES = 262_144;

export const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Create an audience: with a rule everybody who fits it, without one a list of members',
  body: { schema: audienceInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: audienceAnswer },
  errors: ['AUD-000002'],
};
export const LIST: RouteDescription = {
  group: GROUP,
  summary: 'The audiences of this sandbox',
  query: keysetQuery,
  answers: { 200: audiencePage },
};
export const READ: RouteDescription = {
  group: GROUP,
  summary: 'One audience',
  answers: { 200: audienceAnswer },
  errors: ['AUD-000001'],
};
export const CHANGE: RouteDescription = {
  group: GROUP,
  summary: 'Change the name, the description or the rule of an audience',
  body: { schema: audienceInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: audienceAnswer },
  errors: ['AUD-000001', 'AUD-000002', 'AUD-000003'],
};
export const DELETE: RouteDescription = {
  group: GROUP,
  summary: 'Delete an audience; its profiles stay',
  answers: { 200: nothing },
  errors: ['AUD-000001', 'AUD-000004'],
};
export const COUNT: RouteDescription = {
  group: GROUP,
  summary: 'How many profiles an audience has now',
  answers: { 200: audienceCount },
  errors: ['AUD-000001'],
};
export const PREVIEW: RouteDescription = {
  group: GROUP,
  summary: 'How many profiles a rule would find, and the first of them',
  body: { schema: previewInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: audiencePreview },
};
export const MEMBERS: RouteDescription = {
  group: GROUP,
  summary: 'The profiles of an audience',
  query: keysetQuery,
  answers: { 200: memberPage },
  errors: ['AUD-000001'],
};
export const CHANGE_MEMBERS: RouteDescription = {
  group: GROUP,
  summary: 'Add members to a list and take members from it, by any of their identities',
  details: 'An identity without a profile adds nobody; the counts say how many were.',
  body: { schema: membersInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: membersChanged },
  errors: ['AUD-000001', 'AUD-000003'],
};

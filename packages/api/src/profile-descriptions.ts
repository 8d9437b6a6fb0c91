import {
  nothing,
  peopleSettings,
  peopleSettingsInput,
  profileAnswer,
  profileInput,
  profilePage,
  writtenProfile,
} from '@outrigger/contracts';
import type { RouteDescription } from './describe.ts';
import { keysetQuery } from './keyset-page.ts';

const GROUP = 'Profiles';
const BODY_LIMIT_BYTES = 262_144;
const body = { schema: profileInput, limitBytes: BODY_LIMIT_BYTES };
const IDENTITY = { namespace: 'Such as email, phone or crmid', value: 'Who it is there' };
const MERGES =
  'The profile is found by any of the identities. When they belong to several profiles, these are one person: the oldest takes ' +
  'over the identities, attributes, tokens and audience memberships of the others (mergedProfileIds).';

export const REPLACE: RouteDescription = {
  group: GROUP,
  summary: 'Create or replace the profile behind these identities',
  details: `Attributes, time zone, language and push tokens become what is given. Consents are merged, identities added. ${MERGES}`,
  body,
  answers: { 200: writtenProfile, 201: writtenProfile },
  errors: ['PRF-000001'],
};
export const MERGE: RouteDescription = {
  ...REPLACE,
  summary: 'Create or change the profile behind these identities',
  details: `What is given is laid over what is stored (JSON Merge Patch: null takes away). ${MERGES}`,
};
export const LIST: RouteDescription = {
  group: GROUP,
  summary: 'The profiles of this sandbox',
  query: keysetQuery,
  answers: { 200: profilePage },
};
export const READ: RouteDescription = {
  group: GROUP,
  summary: 'One profile',
  answers: { 200: profileAnswer },
  errors: ['PRF-000001'],
};
export const ERASE: RouteDescription = {
  group: GROUP,
  summary: 'Erase a person: the profile, its identities and its places in audiences',
  details: 'What is queued for the person finds no profile any more and is excluded.',
  answers: { 200: nothing },
  errors: ['PRF-000001'],
};
export const FIND: RouteDescription = {
  group: GROUP,
  summary: 'The profile that an identity belongs to',
  path: IDENTITY,
  answers: { 200: profileAnswer },
  errors: ['PRF-000001'],
};
export const REMOVE_IDENTITY: RouteDescription = {
  group: GROUP,
  summary: 'Take an identity from its profile',
  path: IDENTITY,
  answers: { 200: nothing },
  errors: ['PRF-000001', 'PRF-000002'],
};
export const READ_SETTINGS: RouteDescription = {
  group: GROUP,
  summary: 'How this sandbox treats people: what counts as consent, where addresses stand',
  answers: { 200: peopleSettings },
};
export const WRITE_SETTINGS: RouteDescription = {
  ...READ_SETTINGS,
  summary: 'Change how this sandbox treats people; in force within a second',
  body: { schema: peopleSettingsInput, limitBytes: 16_384 },
};

import {
  contentPatch,
  fragmentAnswer,
  fragmentArchive,
  fragmentInput,
  fragmentList,
  fragmentPublication,
  publicationStatus,
  templateAnswer,
  templateInput,
  templateList,
} from '@outrigger/contracts';
import type { ApiErrorCode } from '@outrigger/core';
import { contentListQuery } from './content-access.ts';
import type { RouteDescription } from './describe.ts';

const FRAGMENTS = 'Fragments';
const TEMPLATES = 'Content templates';
const BODY_LIMIT_BYTES = 2 * 1_048_576;
const SMALL_BYTES = 65_536;
const CHANGE: ApiErrorCode[] = ['CNT-000001', 'CNT-000002', 'CNT-000003'];
const IF_MATCH = 'The header If-Match carries the ETag that was read.';
const patch = { schema: contentPatch, limitBytes: SMALL_BYTES };

/** What the OpenAPI document says of the routes in fragment-routes.ts. */
export const LIST_FRAGMENTS: RouteDescription = {
  group: FRAGMENTS,
  summary: 'List fragments',
  query: contentListQuery,
  answers: { 200: fragmentList },
};
export const CREATE_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Create a fragment as a draft',
  body: { schema: fragmentInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: fragmentAnswer },
};
export const READ_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Read a fragment as its author left it',
  answers: { 200: fragmentAnswer },
  errors: ['CNT-000001'],
};
export const REPLACE_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Replace a fragment',
  details: `What was published goes on serving until the change is published. ${IF_MATCH}`,
  body: { schema: fragmentInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: fragmentAnswer },
  errors: CHANGE,
};
export const PATCH_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Change what describes a fragment, as a JSON Patch',
  details: IF_MATCH,
  body: patch,
  answers: { 200: fragmentAnswer },
  errors: CHANGE,
};
export const ARCHIVE_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Put a fragment into the archive, or take it out',
  details: `Campaigns that use it go on using it. ${IF_MATCH}`,
  body: { schema: fragmentArchive, limitBytes: SMALL_BYTES },
  answers: { 200: fragmentAnswer },
  errors: CHANGE,
};
export const PUBLISH_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Publish a fragment: live campaigns take it up within seconds',
  details: 'Messages that were accepted before keep the version that they have.',
  body: { schema: fragmentPublication, limitBytes: SMALL_BYTES },
  answers: { 202: publicationStatus },
  errors: ['CNT-000001', 'CNT-000002', 'CNT-000004'],
};
export const LIVE_FRAGMENT: RouteDescription = {
  group: FRAGMENTS,
  summary: 'Read a fragment as campaigns use it',
  answers: { 200: fragmentAnswer },
  errors: ['CNT-000001'],
};
export const PUBLICATION_STATUS: RouteDescription = {
  group: FRAGMENTS,
  summary: 'How the last publication went and which campaigns have not taken it up',
  answers: { 200: publicationStatus },
  errors: ['CNT-000001'],
};

/** What it says of the routes in template-routes.ts. */
export const LIST_TEMPLATES: RouteDescription = {
  group: TEMPLATES,
  summary: 'List content templates',
  query: contentListQuery,
  answers: { 200: templateList },
};
export const CREATE_TEMPLATE: RouteDescription = {
  group: TEMPLATES,
  summary: 'Create a content template',
  body: { schema: templateInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: templateAnswer },
};
export const READ_TEMPLATE: RouteDescription = {
  group: TEMPLATES,
  summary: 'Read a content template',
  answers: { 200: templateAnswer },
  errors: ['CNT-000001'],
};
export const REPLACE_TEMPLATE: RouteDescription = {
  group: TEMPLATES,
  summary: 'Replace a content template',
  details: IF_MATCH,
  body: { schema: templateInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: templateAnswer },
  errors: CHANGE,
};
export const PATCH_TEMPLATE: RouteDescription = {
  group: TEMPLATES,
  summary: 'Change what describes a content template, as a JSON Patch',
  details: IF_MATCH,
  body: patch,
  answers: { 200: templateAnswer },
  errors: CHANGE,
};
export const DELETE_TEMPLATE: RouteDescription = {
  group: TEMPLATES,
  summary: 'Delete a content template',
  answers: { 204: null },
  errors: ['CNT-000001'],
};

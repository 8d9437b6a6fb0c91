import {
  addAddressesBody,
  addDomainsBody,
  addedEntries,
  allowedListState,
  allowedListSwitch,
  suppressedAddress,
  suppressedAddressPage,
  suppressedDomainPage,
  suppressionEntry,
  suppressionListQuery,
  suppressionTypeQuery,
  uploadAccepted,
  uploadForm,
  uploadJob,
  uploadListQuery,
  uploadPage,
} from '@outrigger/contracts';
import type { RouteDescription } from '../describe.ts';

const GROUP = 'Suppression';
const BODY_LIMIT_BYTES = 1_048_576;
/** Spec 11.5: a CSV file has at most 1 MB. */
const UPLOAD_LIMIT_BYTES = 1_048_576;

/** What the OpenAPI document says of the routes on addresses and on domains. */
export const ENTRY_ROUTES = {
  email: {
    list: {
      group: GROUP,
      summary: 'List suppressed or allowed addresses',
      query: suppressionListQuery,
      answers: { 200: suppressedAddressPage },
    },
    add: {
      group: GROUP,
      summary: 'Suppress or allow addresses',
      details: 'Effective for everything that is not handed over yet.',
      query: suppressionTypeQuery,
      body: { schema: addAddressesBody, limitBytes: BODY_LIMIT_BYTES },
      answers: { 201: addedEntries },
      errors: ['SUP-000003'],
    },
    read: {
      group: GROUP,
      summary: 'Read a suppressed or allowed address',
      query: suppressionTypeQuery,
      answers: { 200: suppressedAddress },
      errors: ['SUP-000001'],
    },
    remove: {
      group: GROUP,
      summary: 'Take an address off the list',
      query: suppressionTypeQuery,
      answers: { 204: null },
      errors: ['SUP-000001'],
    },
  },
  domain: {
    list: {
      group: GROUP,
      summary: 'List suppressed or allowed domains',
      query: suppressionListQuery,
      answers: { 200: suppressedDomainPage },
    },
    add: {
      group: GROUP,
      summary: 'Suppress or allow whole domains',
      query: suppressionTypeQuery,
      body: { schema: addDomainsBody, limitBytes: BODY_LIMIT_BYTES },
      answers: { 201: addedEntries },
      errors: ['SUP-000003'],
    },
    read: {
      group: GROUP,
      summary: 'Read a suppressed or allowed domain',
      query: suppressionTypeQuery,
      answers: { 200: suppressionEntry },
      errors: ['SUP-000001'],
    },
    remove: {
      group: GROUP,
      summary: 'Take a domain off the list',
      query: suppressionTypeQuery,
      answers: { 204: null },
      errors: ['SUP-000001'],
    },
  },
} as const satisfies Record<string, Record<string, RouteDescription>>;

export const UPLOAD: RouteDescription = {
  group: GROUP,
  summary: 'Suppress what a CSV file lists',
  details: 'The file is imported after the answer; its job says how it went and lists the rows that are no entries.',
  upload: { schema: uploadForm, limitBytes: UPLOAD_LIMIT_BYTES },
  answers: { 201: uploadAccepted },
  errors: ['SUP-000004'],
};
export const LIST_UPLOADS: RouteDescription = {
  group: GROUP,
  summary: 'List upload jobs',
  query: uploadListQuery,
  answers: { 200: uploadPage },
};
export const READ_UPLOAD: RouteDescription = {
  group: GROUP,
  summary: 'Read an upload job with the rows that failed',
  answers: { 200: uploadJob },
  errors: ['SUP-000002'],
};
export const DELETE_UPLOAD: RouteDescription = {
  group: GROUP,
  summary: 'Delete the record of an upload job, not what it suppressed',
  answers: { 204: null },
  errors: ['SUP-000002'],
};
export const WIPE: RouteDescription = {
  group: GROUP,
  summary: 'Take everything off the suppression list of the sandbox',
  path: { imsOrgId: 'The organisation of the call', sandboxId: 'The sandbox of the call' },
  answers: { 202: null },
};
export const EXPORT: RouteDescription = {
  group: GROUP,
  summary: 'The whole list as a CSV file',
  query: suppressionTypeQuery,
  answers: { 200: 'text/csv' },
};
export const READ_ALLOWED_LIST: RouteDescription = {
  group: GROUP,
  summary: 'Whether the allowed list is in force',
  answers: { 200: allowedListState },
};
export const SWITCH_ALLOWED_LIST: RouteDescription = {
  group: GROUP,
  summary: 'Put the allowed list in force, or out of force',
  details: 'While it is in force, mail goes to nobody else; in force and empty, no mail goes out at all.',
  body: { schema: allowedListSwitch, limitBytes: 1_024 },
  answers: { 200: allowedListState },
};

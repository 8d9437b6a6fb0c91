import {
  channelConfigurationChange,
  channelConfigurationInput,
  duplicateConfiguration,
  surfaceAnswer,
  surfacePage,
} from '@outrigger/contracts';
import { z } from 'zod';
import type { RouteDescription } from './describe.ts';
import { pageQuery } from './page.ts';

const GROUP = 'Channel configurations';
const BODY_LIMIT_BYTES = 65_536;

/** What the OpenAPI document says of the routes in surface-routes.ts. */
export const LIST: RouteDescription = {
  group: GROUP,
  summary: 'List channel configurations',
  query: z.object(pageQuery),
  answers: { 200: surfacePage },
};
const one = (summary: string, more: Partial<RouteDescription> = {}): RouteDescription => ({
  group: GROUP,
  summary,
  path: { channel: 'email, sms or push' },
  answers: { 200: surfaceAnswer },
  errors: ['SRF-000001', 'SRF-000002'],
  ...more,
});
export const READ = one('Read a channel configuration', { errors: ['SRF-000001'] });
export const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Create a channel configuration: who messages come from',
  details: 'It is submitted at once unless draft is true.',
  body: { schema: channelConfigurationInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: surfaceAnswer },
  errors: ['CMP-000005', 'SRF-000004'],
};
export const CHANGE = one('Change a channel configuration', {
  details:
    'What is left out stays. Settings of an active one are checked beside those in force; live campaigns take them up ' +
    'within seconds, messages on their way keep what they have.',
  body: { schema: z.union(Object.values(channelConfigurationChange)), limitBytes: BODY_LIMIT_BYTES },
  errors: ['CMP-000005', 'SRF-000001', 'SRF-000002', 'SRF-000003'],
});
export const SUBMIT = one('Submit a draft: it is checked, and becomes active or failed');
export const REACTIVATE = one('Activate a deactivated configuration again');
export const DEACTIVATE = one('Deactivate a configuration that no live or scheduled campaign uses', {
  errors: ['SRF-000001', 'SRF-000002', 'SRF-000003'],
});
export const DUPLICATE = one('Copy a channel configuration as a draft', {
  body: { schema: duplicateConfiguration, limitBytes: 4_096 },
  answers: { 201: surfaceAnswer },
  errors: ['CMP-000005', 'SRF-000001'],
});

import { randomUUID } from 'node:crypto';
import type { Operation } from '@outrigger/api';
import { DEMO_CAMPAIGNS } from '../../infra/local/demo/campaigns.ts';
import type { Belongings } from './belongings.ts';

export const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

/** A route with a tenant's ids in its path; a parameter that nobody has a value for is named, so that the walk can fail. */
export function pathOf({ path }: Operation, owned: Belongings): { path: string; unknown: string[]; hasOwned: boolean } {
  const unknown: string[] = [];
  let hasOwned = false;
  const filled = path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
    const value = owned[memberFor(path, parameter)];
    if (value === undefined) unknown.push(parameter);
    // Everybody has these words; they name nobody's.
    hasOwned ||= !['channel', 'namespace'].includes(parameter);
    return encodeURIComponent(value ?? randomUUID());
  });
  return { path: filled, unknown, hasOwned };
}

/** The same parameter means another thing on a few paths. */
function memberFor(path: string, parameter: string): string {
  if (path.includes('/executions/audience/')) return 'audienceExecutionId';
  // Without experiments, the message of a campaign goes by the id of its package.
  if (parameter === 'messageId' && path.includes('/{campaignId}/messages/')) return 'packageId';
  return parameter;
}

/**
 * The body of every route that takes one, with the ids of the owner: what the owner may ask, so that a refusal of anybody
 * else is for who asks. A route that is not here makes the walk fail.
 */
export function bodiesOf(owned: Belongings): Record<string, () => unknown> {
  const { campaignId, marketingCampaignId, messageId, surfaceId, audienceId, fragmentId, email } = owned;
  const [demo] = DEMO_CAMPAIGNS as [(typeof DEMO_CAMPAIGNS)[0]];
  const identity = { namespace: 'email', value: email };
  const recipients = [{ ...demo.recipient, userId: email }];
  const definition = { ...demo.definition(surfaceId!), name: 'Other' };
  const fragment = { name: 'Other', type: 'expression', fragment: { expression: 'other' } };
  const template = { name: 'Other', templateType: 'content', channels: ['email'], template: { note: 'other' } };
  const described = [{ op: 'replace', path: '/description', value: 'other' }];
  const surface = { ...demo.surface, name: 'other' };
  const webhook = { name: 'Other', url: 'https://hooks.shop.example/other', channels: ['email'] };
  const service = (path: string) => `/journey/campaigns/service${path}`;
  return {
    'post /ajo/im/executions/unitary': () => ({ requestId: randomUUID(), campaignId, recipients }),
    'post /ajo/im/executions/highthroughput': () => ({
      requestId: randomUUID(),
      campaignId: owned.fastCampaignId,
      recipients: [{ type: 'external', userId: email, namespace: 'email', context: {} }],
    }),
    'post /ajo/im/executions/audience': () => ({
      requestId: randomUUID(),
      campaignId: marketingCampaignId,
      audience: { id: audienceId },
      schedule: { executeAt: new Date(Date.now() + 3_600_000).toISOString() },
    }),
    [`post ${service('/campaigns')}`]: () => definition,
    [`put ${service('/campaigns/{campaignId}')}`]: () => definition,
    [`post ${service('/campaigns/{campaignId}/approval/changes')}`]: () => ({ message: 'other' }),
    [`post ${service('/campaigns/{campaignId}/duplicate')}`]: () => ({ name: 'Again' }),
    [`put ${service('/campaigns/{campaignId}/tags')}`]: () => ({ tags: ['other'] }),
    [`post ${service('/metadata/surfaces')}`]: () => surface,
    [`put ${service('/metadata/surfaces/{channel}/{surfaceId}')}`]: () => ({ description: 'other' }),
    [`post ${service('/metadata/surfaces/{channel}/{surfaceId}/duplicate')}`]: () => ({ name: 'copy' }),
    'post /ajo/content/fragments': () => fragment,
    'post /ajo/content/fragments/publications': () => ({ fragmentId }),
    'put /ajo/content/fragments/{fragmentId}': () => fragment,
    'patch /ajo/content/fragments/{fragmentId}': () => described,
    'put /ajo/content/fragments/{fragmentId}/archived': () => ({ archived: true }),
    'post /ajo/content/templates': () => template,
    'put /ajo/content/templates/{templateId}': () => template,
    'patch /ajo/content/templates/{templateId}': () => described,
    'post /ajo/simulations/campaigns/{campaignId}/previews': () => ({
      previewRequestItems: [{ userId: email, namespace: 'email' }],
    }),
    'post /ajo/simulations/campaigns/{campaignId}/proofs': () => ({
      recipients: [
        { userId: email, namespace: 'email', channelsData: [{ channel: 'email', emailAddresses: [email] }] },
      ],
    }),
    [`put ${service('/profiles')}`]: () => ({ identities: [identity], attributes: { changed: true } }),
    [`patch ${service('/profiles')}`]: () => ({ identities: [identity], attributes: { changed: true } }),
    [`put ${service('/settings/people')}`]: () => ({ consentMode: 'opt-in' }),
    [`post ${service('/settings/webhook')}`]: () => webhook,
    [`put ${service('/settings/webhook')}`]: () => webhook,
    [`post ${service('/settings/webhook/dead-letters/replay')}`]: () => ({ all: true }),
    [`post ${service('/audiences')}`]: () => ({ name: 'Other' }),
    [`post ${service('/audiences/preview')}`]: () => ({ rule: { path: 'attributes.note', op: 'eq', value: 'other' } }),
    [`put ${service('/audiences/{audienceId}')}`]: () => ({ name: 'Renamed' }),
    [`post ${service('/audiences/{audienceId}/members')}`]: () => ({ remove: [identity] }),
    [`post ${service('/imports')}`]: () => ({ audienceId }),
    [`post ${service('/dead-letters/redrive')}`]: () => ({ filter: { campaignId } }),
    [`post ${service('/dead-letters/expire')}`]: () => ({ messageIds: [messageId] }),
    [`post ${service('/dead-letters/{messageId}/redrive')}`]: () => ({}),
    [`post ${service('/brakes')}`]: () => ({ scope: 'campaign', target: marketingCampaignId, action: 'cancel' }),
    'post /ajo/config/suppression/addresses': () => [{ entity: { type: 'email', entityValue: 'other@shop.example' } }],
    'post /ajo/config/suppression/domains': () => [{ entity: { type: 'domain', entityValue: 'other.example' } }],
    'put /ajo/config/suppression/allowed-list': () => ({ active: true }),
    // Read as it is, not as JSON.
    [`put ${service('/imports/{importId}/content')}`]: () => 'email\nnew@shop.example\n',
    // Of the whole installation: nobody in this walk may ask them (scope operate).
    [`post ${service('/operations/brakes')}`]: () => ({ scope: 'lane', target: 'email', action: 'pause' }),
    [`post ${service('/operations/tenants')}`]: () => ({ orgId: owned.imsOrgId, sandboxName: 'third' }),
    [`post ${service('/operations/keys')}`]: () => ({
      name: 'Other',
      orgId: owned.imsOrgId,
      sandboxNames: [owned.sandboxId],
      scopes: ['manage'],
    }),
    [`post ${service('/operations/keys/{keyId}/rotate')}`]: () => ({ graceSeconds: 0 }),
  };
}

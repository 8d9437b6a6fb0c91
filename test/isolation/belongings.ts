import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { uuidv7 } from '@outrigger/core';
import { claimBatches, type Pool, recordOutcomes } from '@outrigger/store';
import type { TestCaller } from '@outrigger/testkit';
import { DEMO_CAMPAIGNS } from '../../infra/local/demo/campaigns.ts';
import { call } from './call.ts';

const SERVICE = '/journey/campaigns/service';
const CONTENT = '/ajo/content';
const LISTS = '/ajo/config/suppression';

/** What a tenant has: the values that routes take, by the name of their parameter. */
export type Belongings = Readonly<Record<string, string>>;

/**
 * One of everything that a route takes an id of, made through the API where the API can. `mark` is in all that may hold a text, and in
 * nothing that names something: whoever repeats these names never says it.
 */
export async function storeBelongings(
  pool: Pool,
  owner: TestCaller,
  url: { ingress: string; control: string },
  mark: string,
): Promise<Belongings> {
  const { tenantId, orgId, sandboxName } = owner.tenant;
  const made = async (method: string, path: string, body?: unknown) => {
    const service = path.startsWith('/ajo/im') ? url.ingress : url.control;
    const { status, text } = await call(owner, method, service + path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  const [demo] = DEMO_CAMPAIGNS as [(typeof DEMO_CAMPAIGNS)[0]];
  const liveCampaign = async (change: Record<string, unknown> = {}) => {
    const { category = 'Transactional', highThroughputMode = false } = change;
    const surface = { ...demo.surface, category, highThroughputMode, name: `s-${randomUUID()}`, description: mark };
    const { surfaceId } = await made('POST', `${SERVICE}/metadata/surfaces`, surface);
    const content = { subject: mark, html: { body: `<p>{{ context.note }} ${mark}</p>` } };
    const packages = [{ channel: 'EMAIL', attributes: { surface: { surfaceId } }, content }];
    const definition = { name: mark, category, identityNamespace: 'email', packages, ...change };
    const { campaignId } = await made('POST', `${SERVICE}/campaigns`, definition);
    const live = await made('POST', `${SERVICE}/campaigns/${campaignId}/publish`);
    return { surfaceId, campaignId, packageId: live.packages[0].packageId };
  };
  const email = 'somebody@shop.example';
  const domain = 'listed.example';
  const identity = { namespace: 'email', value: email };
  const attributes = { note: mark };
  const profile = await made('PUT', `${SERVICE}/profiles`, { identities: [identity], attributes });
  const another = { namespace: 'crmid', value: 'another' };
  await made('PUT', `${SERVICE}/profiles`, { identities: [another], attributes });
  const { audienceId } = await made('POST', `${SERVICE}/audiences`, { name: mark });
  await made('POST', `${SERVICE}/audiences/${audienceId}/members`, { add: [identity] });
  const { importId } = await made('POST', `${SERVICE}/imports`, { fileName: mark, audienceId });

  const { surfaceId, campaignId, packageId } = await liveCampaign({ createNewProfile: true });
  const accepted = await made('POST', '/ajo/im/executions/unitary', {
    requestId: mark,
    campaignId,
    recipients: [{ ...demo.recipient, userId: email }],
  });
  const account = await made('GET', `/ajo/im/executions/${accepted.executionId}`);
  const messageId = account.messages[0].messageId;
  await fail(pool, tenantId, messageId, mark);
  const { proofJobId } = await made('POST', `/ajo/simulations/campaigns/${campaignId}/proofs`, {
    recipients: [{ userId: email, namespace: 'email', channelsData: [{ channel: 'email', emailAddresses: [email] }] }],
  });

  const marketing = await liveCampaign({ category: 'Marketing', audience: { audienceId } });
  const fast = await liveCampaign({ highThroughputMode: true });
  const toAudience = { campaignId: marketing.campaignId, context: { note: mark } };
  const audienceExecution = await made('POST', '/ajo/im/executions/audience', { ...toAudience, requestId: mark });
  const executeAt = new Date(Date.now() + 3_600_000).toISOString();
  const { scheduleId } = await made('POST', '/ajo/im/executions/audience', { ...toAudience, schedule: { executeAt } });

  const fragment = await made('POST', `${CONTENT}/fragments`, {
    name: mark,
    type: 'expression',
    fragment: { expression: mark },
  });
  await made('POST', `${CONTENT}/fragments/publications`, { fragmentId: fragment.id });
  const template = await made('POST', `${CONTENT}/templates`, {
    name: mark,
    templateType: 'content',
    channels: ['email'],
    template: { note: mark },
  });
  await made('POST', `${SERVICE}/settings/webhook`, {
    name: mark,
    url: `https://hooks.shop.example/${mark}`,
    channels: ['email'],
    headers: { 'x-note': mark },
  });
  await pool.query(
    `INSERT INTO webhook_retries (tenant_id, event_id, attempts, due_at, problem, died_at) VALUES ($1, $2, 3, now(), $3, now())`,
    [tenantId, `${messageId}:1`, mark],
  );
  await made('POST', `${LISTS}/addresses`, [{ entity: { type: 'email', entityValue: email }, comment: mark }]);
  await made('POST', `${LISTS}/domains`, [{ entity: { type: 'domain', entityValue: domain }, comment: mark }]);
  const jobId = uuidv7();
  await pool.query(
    `INSERT INTO suppression_uploads (upload_id, tenant_id, created_by, file_name, status) VALUES ($1, $2, 'x', $3, 'COMPLETE')`,
    [jobId, tenantId, mark],
  );
  const brake = { scope: 'campaign', target: campaignId, action: 'pause' };
  const { brakeId } = await made('POST', `${SERVICE}/brakes`, brake);
  return {
    ...{ campaignId, surfaceId, channel: 'email', packageId, messageId, proofJobId, brakeId, email, domain, jobId },
    ...{ executionId: accepted.executionId, audienceExecutionId: audienceExecution.executionId, scheduleId },
    ...{
      marketingCampaignId: marketing.campaignId,
      fastCampaignId: fast.campaignId,
      audienceId,
      importId,
      profileId: profile.profileId,
    },
    ...{ ...another, fragmentId: fragment.id, templateId: template.id },
    ...{ imsOrgId: orgId, sandboxId: sandboxName, keyId: owner.keyId },
  };
}

/** A worker claims the only batch that waits, and its provider refuses the message for good. */
async function fail(pool: Pool, tenantId: number, messageId: string, detail: string): Promise<void> {
  const { rows } = await pool.query<{ batch_id: string }>('SELECT batch_id FROM batches WHERE tenant_id = $1', [
    tenantId,
  ]);
  const claim = { batchId: rows[0]!.batch_id, token: randomUUID() };
  await claimBatches(pool, [claim], 'worker', 60_000);
  const outcome = { state: 'failed', code: 'permanent.recipient', detail } as const;
  await recordOutcomes(pool, [{ ...claim, messageId, tenantId, outcome, provider: 'sandbox' }]);
}

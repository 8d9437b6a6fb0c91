import { randomUUID } from 'node:crypto';
import { createIdAllocator, uuidv7 } from '@outrigger/core';
import { type AcceptItem, ensureTenant, type Pool } from '@outrigger/store';

/** A live campaign's rows, made directly: these tests are about the ledger, not about authoring. */
export async function createLiveCampaign(
  pool: Pool,
): Promise<{ tenantId: number; campaignId: string; versionId: string }> {
  const { tenantId } = await ensureTenant(pool, `org-${randomUUID()}`, 'prod');
  const [campaignId, versionId] = [uuidv7(), uuidv7()];
  await pool.query(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, category, status, live_version_id, created_by, modified_by)
     VALUES ($1, $2, 'order', 'Transactional', 'LIVE', $3, 'test', 'test')`,
    [campaignId, tenantId, versionId],
  );
  await pool.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, compiled, settings, activated_by)
     VALUES ($1, $2, $3, 1, '{"on_unknown": "resend"}', '{}', '{}', 'test')`,
    [versionId, campaignId, tenantId],
  );
  return { tenantId, campaignId, versionId };
}

const allocator = createIdAllocator(100);

/** New ids for the same call again, as a second ingress would make them. */
export function withOtherIds(call: AcceptItem): AcceptItem {
  return { ...call, ...createIdAllocator(100).take('', call.messageIds.length) };
}

/** A call with `recipients` messages for the campaign. */
export function callFor(
  campaign: { tenantId: number; campaignId: string; versionId: string },
  recipients = 1,
  overrides: Partial<AcceptItem> = {},
): AcceptItem {
  const now = Date.now();
  const people = Array.from({ length: recipients }, (_, index) => ({
    type: 'external',
    userId: `person${index}@example.com`,
    namespace: 'email',
  }));
  return {
    requestKey: randomUUID(),
    fingerprint: randomUUID(),
    ...allocator.take(`${campaign.tenantId} ${overrides.lane ?? 'email'}`, recipients, now),
    ...campaign,
    endpoint: 'unitary',
    requestId: randomUUID(),
    createdBy: 'key',
    expiresAt: new Date(now + 3_600_000),
    lane: 'email',
    content: JSON.stringify({ recipients: people }),
    ...overrides,
  };
}

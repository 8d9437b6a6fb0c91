import { type CallControl, makeCallers } from '@outrigger/chaos/campaigns';
import { ensureTenant, type Pool } from '@outrigger/store';
import type { TestCaller } from '@outrigger/testkit/tenant';
import { DEMO_ORDER } from './demo-order.ts';
import type { CallPlan } from './load/call-template.ts';
import { ADDRESS_DOMAIN, ADDRESS_PREFIX, CALL_SLOT, NUMBER_DIGITS } from './numbers.ts';
import { demoCampaignOf, type Scenario } from './scenarios.ts';

export async function makeTenant(pool: Pool): Promise<TestCaller> {
  const [caller] = await makeCallers(pool, 1);
  await ensureTenant(pool, caller!.tenant.orgId, caller!.tenant.sandboxName);
  return caller!;
}

/** Makes the scenario's campaign live, as an author would, and returns the call that triggers it. */
export async function makeCampaign(scenario: Scenario, caller: TestCaller, control: CallControl): Promise<CallPlan> {
  const demo = demoCampaignOf(scenario);
  // High throughput has a channel configuration of its own.
  const surface = { ...demo.surface, highThroughputMode: scenario.endpoint === 'highthroughput' };
  const { surfaceId } = (await control(caller, 'POST', '/metadata/surfaces', surface)) as { surfaceId: string };
  const definition = withoutProfiles({ ...demo.definition(surfaceId), ...scenario.definition }, scenario);
  const { campaignId } = (await control(caller, 'POST', '/campaigns', definition)) as { campaignId: string };
  await control(caller, 'POST', `/campaigns/${campaignId}/publish`);
  const places = Array.from({ length: scenario.recipientsPerCall }, (_, place) => place);
  return {
    path: `/ajo/im/executions/${scenario.endpoint}`,
    headers: caller.headers,
    recipients: scenario.recipientsPerCall,
    body: { requestId: `bench-${CALL_SLOT}`, campaignId, recipients: places.map((place) => scenario.recipient(place)) },
  };
}

/** The campaign that a plan calls, with its live version. */
export async function readCampaign(pool: Pool, calls: CallPlan): Promise<{ campaignId: string; versionId: string }> {
  const { campaignId } = calls.body as { campaignId: string };
  const { rows } = await pool.query<{ versionId: string }>(
    'SELECT live_version_id AS "versionId" FROM campaigns WHERE campaign_id = $1',
    [campaignId],
  );
  return { campaignId, versionId: rows[0]!.versionId };
}

/** High throughput reads no profiles: there the same mail takes what it says of the person from the call. */
function withoutProfiles(definition: object, { endpoint }: Scenario): object {
  if (endpoint !== 'highthroughput') return definition;
  return JSON.parse(JSON.stringify(definition).replaceAll('profile.', 'context.')) as object;
}

/** Profiles of the first `count` numbers: written as rows, because so many through the API would take longer than the run. */
export async function storeProfiles(pool: Pool, tenantId: number, count: number): Promise<void> {
  await pool.query(
    `WITH person AS MATERIALIZED (
       SELECT gen_random_uuid() AS profile_id,
              $2 || lpad(number::text, ${NUMBER_DIGITS}, '0') || '@${ADDRESS_DOMAIN}' AS address
       FROM generate_series(0, $3::int - 1) AS number
     ), profile AS (
       INSERT INTO profiles (profile_id, tenant_id, attributes) SELECT profile_id, $1, $4::jsonb FROM person
     )
     INSERT INTO profile_identities (tenant_id, namespace, identity_value, raw_value, profile_id)
     SELECT $1, 'email', address, address, profile_id FROM person`,
    [tenantId, ADDRESS_PREFIX, count, DEMO_ORDER.profile],
  );
  await pool.query('ANALYZE profiles, profile_identities');
}

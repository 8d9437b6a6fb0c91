/** Makes the demo tenant when it is not there yet, and prints for each of its campaigns a call that works as it stands. */
import { randomBytes } from 'node:crypto';
import { sampleCurl } from '@outrigger/authoring';
import { listCampaigns, openPool, type Pool, readVersion } from '@outrigger/store';
import { DEMO_CAMPAIGNS, type DemoCampaign } from './demo/campaigns.ts';
import { controlClient } from './demo/control-client.ts';
import { DEMO_ORG, DEMO_SANDBOX, demoKey } from './demo/key.ts';
import { dataFolderOf } from './settings.ts';

const ingressUrl = process.env.INGRESS_URL ?? 'http://127.0.0.1:8080';
const controlUrl = process.env.CONTROL_URL ?? 'http://127.0.0.1:8081';
/** Of control as the reader reaches it, where that is another one than ours. */
const shownControlUrl = process.env.CONTROL_PUBLIC_URL ?? controlUrl;
const pool = openPool({ databaseUrl: process.env.DATABASE_URL!, maxConnections: 2 });

const key = await demoKey(pool, dataFolderOf(process.env));
const call = controlClient(controlUrl, key);
console.log('');
console.log(`  Demo tenant   ${DEMO_ORG} / ${DEMO_SANDBOX}`);
console.log(`  API key       ${key.keyId}`);
console.log(`  Secret        ${key.secret}`);
for (const demo of DEMO_CAMPAIGNS) {
  const versionId = (await liveVersion(pool, demo)) ?? (await create(demo));
  const version = (await readVersion(pool, versionId))!;
  console.log(`\n  ${demo.title}\n`);
  console.log(
    sampleCurl(version, {
      baseUrl: ingressUrl,
      orgId: DEMO_ORG,
      sandboxName: DEMO_SANDBOX,
      ...key,
      recipient: demo.recipient,
      compact: true,
      requestId: `demo-${randomBytes(4).toString('hex')}`,
    }),
  );
  const channel = demo.surface.channel.toLowerCase();
  console.log(
    `\n  then look: ${shownControlUrl}/sandbox  or  curl '${shownControlUrl}/sandbox/messages?channel=${channel}'`,
  );
}
console.log('\n  The account of a call: GET /ajo/im/executions/<executionId> with the same headers.\n');
await pool.end();

async function liveVersion(from: Pool, demo: DemoCampaign): Promise<string | undefined> {
  const { rows } = await from.query<{ tenant_id: number }>(
    'SELECT tenant_id FROM tenants WHERE org_id = $1 AND sandbox_name = $2',
    [DEMO_ORG, DEMO_SANDBOX],
  );
  const { campaigns } = await listCampaigns(from, rows[0]!.tenant_id, {
    statuses: ['LIVE'],
    conditions: [{ field: 'name', operator: 'like', values: [demo.definition('').name] }],
    limit: 1,
    offset: 0,
  });
  return campaigns[0]?.liveVersionId ?? undefined;
}

async function create(demo: DemoCampaign): Promise<string> {
  type Surface = { surfaceId: string; name: string };
  const { data } = await call<{ data: Surface[] }>('GET', '/metadata/surfaces');
  const surface =
    data.find((one) => one.name === demo.surface.name) ??
    (await call<Surface>('POST', '/metadata/surfaces', demo.surface));
  const draft = await call<{ campaignId: string }>('POST', '/campaigns', demo.definition(surface.surfaceId));
  const live = await call<{ liveVersionId: string }>('POST', `/campaigns/${draft.campaignId}/publish`);
  return live.liveVersionId;
}

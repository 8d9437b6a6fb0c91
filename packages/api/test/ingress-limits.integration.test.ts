import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createAdmission, DEFAULT_ADMISSION, hashSecret } from '@outrigger/pipeline';
import { createLog, listen } from '@outrigger/runtime';
import { createTestCaller, openTestLedger } from '@outrigger/testkit';
import { createIngressApp, ingressListener } from '../src/ingress-app.ts';

const { pool } = await openTestLedger();
const caller = await createTestCaller(pool, hashSecret);
const log = createLog('ingress', 'silent');
let queueIsThere = true;
let now = 1_000_000;
let url: string;
let stop: () => Promise<void>;

before(async () => {
  const limits = { ...DEFAULT_ADMISSION, tenantRate: { standard: 2, ht: 0, bulk: 0 } };
  const facts = { tenantMessages: () => 0, oldestAgeMs: () => 0, now: () => now };
  const app = createIngressApp({
    pool,
    log,
    enqueue: () => undefined,
    queueReachable: () => queueIsThere,
    admit: createAdmission(limits, facts),
  });
  const server = await listen(ingressListener(app, log), { host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${server.port}/ajo/im`;
  stop = () => server.stop();
});
after(() => stop());

test('F039: health is 200 normally, and 503 with the name of what is missing when the queue is away', async () => {
  const health = async () => {
    const response = await fetch(`${url}/health`);
    return [response.status, await response.json()];
  };
  assert.deepEqual(await health(), [200, { status: 'up', postgres: 'up', queue: 'up' }]);
  queueIsThere = false;
  assert.deepEqual(await health(), [503, { status: 'down', postgres: 'up', queue: 'down' }]);
  queueIsThere = true;
  assert.equal((await health())[0], 200);
});

test('F038: above its rate a tenant is answered 429 with Retry-After; what was accepted is stored, and a later try is taken', async () => {
  const campaignId = await liveCampaign();
  const send = async () => {
    const recipients = [{ type: 'external', userId: 'a@shop.example', namespace: 'email' }];
    const body = JSON.stringify({ requestId: randomUUID(), campaignId, recipients });
    const response = await fetch(`${url}/executions/unitary`, { method: 'POST', headers: caller.headers, body });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() };
  };
  const answers = await Promise.all(Array.from({ length: 6 }, send));
  const refused = answers.filter(({ status }) => status === 429);
  assert.deepEqual([answers.filter(({ status }) => status === 202).length, refused.length], [2, 4]);
  for (const { retryAfter, body } of refused) {
    assert.equal(retryAfter, '1');
    assert.match((body as { type: string }).type, /MSG-000429-429$/);
  }
  const stored = async () => (await pool.query('SELECT FROM messages')).rowCount;
  assert.equal(await stored(), 2);
  now += 1_000;
  assert.equal((await send()).status, 202);
  assert.equal(await stored(), 3);
});

/** A live email campaign as activation leaves it. */
async function liveCampaign(): Promise<string> {
  const [campaignId, versionId] = [randomUUID(), randomUUID()];
  const definition = {
    channel: 'email',
    lane_class: 'standard',
    category: 'transactional',
    identity_namespace: 'email',
    create_new_profile: false,
    high_throughput: false,
    start_at: null,
    end_at: null,
    deadline_ms: 3_600_000,
    rate_per_second: null,
    on_unknown: 'hold',
  };
  const { tenantId } = caller.tenant;
  await pool.query(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, category, status, live_version_id, created_by, modified_by)
     VALUES ($1, $2, 'receipt', 'Transactional', 'LIVE', $3, 'test', 'test')`,
    [campaignId, tenantId, versionId],
  );
  await pool.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, compiled, settings, activated_by)
     VALUES ($1, $2, $3, 1, $4, '{}', '{}', 'test')`,
    [versionId, campaignId, tenantId, definition],
  );
  return campaignId;
}

/** Audience calls and schedules with wrong fields (reliability 4.3): refused in the documented shape, and nothing is written. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { createTestCaller } from '@outrigger/testkit';
import { createCampaign, startHostileIngress } from './ingress.ts';

const AUDIENCE = '/ajo/im/executions/audience';
const SCHEDULES = '/ajo/im/executions/schedules';
const LATER = '2031-05-04T03:00:00Z';

const ingress = await startHostileIngress();
const { pool, caller } = ingress;
const stranger = await createTestCaller(pool, hashSecret);

async function createAudience(tenantId: number): Promise<string> {
  const audienceId = randomUUID();
  await pool.query(
    `INSERT INTO audiences (audience_id, tenant_id, name, kind, created_by) VALUES ($1, $2, $3, 'list', 'test')`,
    [audienceId, tenantId, audienceId],
  );
  return audienceId;
}

const [ours, theirs] = [
  await createAudience(caller.tenant.tenantId),
  await createAudience(stranger.tenant.tenantId),
] as const;
const definition = { category: 'marketing', lane_class: 'bulk', audience_id: ours };
const marketing = { category: 'Marketing', definition } as const;
const campaignId = await createCampaign(pool, caller.tenant.tenantId, marketing);
const ends = '2031-05-04T00:00:00Z';
const endingId = await createCampaign(pool, caller.tenant.tenantId, {
  ...marketing,
  definition: { ...definition, end_at: ends },
});
/** Activation would have refused it: its audience is gone, as nothing of ours lets it be. */
const orphanId = await createCampaign(pool, caller.tenant.tenantId, {
  ...marketing,
  definition: { ...definition, audience_id: randomUUID() },
});
const others = await createAudience(caller.tenant.tenantId);

const stored = async () => (await pool.query('SELECT FROM audience_executions')).rowCount;

async function refused(code: string, body: Record<string, unknown>): Promise<void> {
  const before = await stored();
  await ingress.refused(code, () => ingress.send({ path: AUDIENCE, body: JSON.stringify(body) }));
  assert.equal(await stored(), before, 'nothing is planned either');
}

const base = { campaignId, audience: { id: ours } };
const at = (executeAt: unknown) => ({ ...base, schedule: { executeAt } });
const ROWS: [row: string, what: string, code: string, body: Record<string, unknown>][] = [
  ['C28', 'an executeAt that has passed', 'MSG-000021-400', at('2020-01-01T00:00:00Z')],
  ['C28', 'an executeAt in the year 300000', 'MSG-000021-400', at('+300000-01-01T00:00:00Z')],
  ['C28', 'an executeAt of infinity', 'MSG-000021-400', at('infinity')],
  ['C28', 'the 30th of February', 'MSG-000021-400', at('2031-02-30T00:00:00Z')],
  ['C28', 'an executeAt that is a number', 'MSG-000021-400', at(1_935_630_000_000)],
  ['C28', 'an executeAt that is null', 'MSG-000021-400', at(null)],
  ['C28', 'an executeAt that is a list', 'MSG-000021-400', at([LATER])],
  ['C28', 'an executeAt of 10 kB', 'MSG-000021-400', at(LATER.padEnd(10_000, '0'))],
  ['C28', 'an executeAt with SQL', 'MSG-000021-400', at("2031-05-04'; drop table campaigns; --")],
  ['C29', 'an executeAt without an offset', 'MSG-000021-400', at('2031-05-04T03:00:00')],
  ['C29', 'an executeAt with the name of a zone', 'MSG-000021-400', at('2031-05-04T03:00:00[Europe/Berlin]')],
  ['C28', 'an executeAt at the end of the campaign', 'MSG-000021-400', { ...at(ends), campaignId: endingId }],
  ['C32', 'an unknown audience', 'MSG-000009-400', { campaignId, audience: { id: randomUUID() } }],
  ['C32', "another tenant's audience", 'MSG-000009-400', { campaignId, audience: { id: theirs } }],
  ['C32', 'an audience id that is none', 'MSG-000009-400', { campaignId, audience: { id: "'; drop table audiences" } }],
  ['C32', 'an audience id that is a list', 'MSG-000009-400', { campaignId, audience: { id: [ours] } }],
  ['C32', 'an audience that is a text', 'MSG-000009-400', { campaignId, audience: ours }],
  ['C32', "an audience that is not the campaign's", 'MSG-000009-400', { campaignId, audience: { id: others } }],
  ['C32', 'an audience that was deleted', 'MSG-000009-400', { campaignId: orphanId }],
  ['C16', 'a transactional campaign', 'MSG-000014-400', { ...base, campaignId: ingress.campaignIds.unitary }],
  ['B18', 'recipients', 'MSG-000008-400', { ...base, recipients: [] }],
  ['B18', 'an unknown member of the schedule', 'MSG-000008-400', { ...base, schedule: { executeAt: LATER, at: 1 } }],
  ['C04', 'a requestId with a line break', 'MSG-000009-400', { ...base, requestId: 'a\nb' }],
];

describe('an audience call', () => {
  for (const [row, what, code, body] of ROWS) {
    test(`${row}: ${what} is ${code}`, () => refused(code, body));
  }
});

describe('a schedule', () => {
  const send = (method: string, path: string, headers = caller.headers) => ingress.send({ method, path, headers });

  test('C29: an hour that comes twice is two instants, told apart by their offsets', async () => {
    for (const [executeAt, instant] of [
      ['2031-10-26T02:30:00+02:00', '2031-10-26T00:30:00.000Z'],
      ['2031-10-26T02:30:00+01:00', '2031-10-26T01:30:00.000Z'],
    ] as const) {
      const answer = await ingress.send({ path: AUDIENCE, body: JSON.stringify(at(executeAt)) });
      assert.equal(answer.status, 202, answer.text);
      assert.equal(answer.body?.executeAt, instant);
    }
  });

  test("C31: another tenant's schedule, an unknown one and no id at all are the same 404, and it stays", async () => {
    const created = await ingress.send({ path: AUDIENCE, body: JSON.stringify(at(LATER)) });
    const path = `${SCHEDULES}/${created.body?.scheduleId}`;
    const titles = new Set<unknown>();
    for (const [method, where, headers] of [
      ['DELETE', path, stranger.headers],
      ['GET', path, stranger.headers],
      ['DELETE', `${SCHEDULES}/${randomUUID()}`, stranger.headers],
      ['DELETE', `${SCHEDULES}/'; drop table audience_executions`.replaceAll(' ', '%20'), caller.headers],
      ['DELETE', `${SCHEDULES}/__proto__`, caller.headers],
    ] as const) {
      const answer = await ingress.refused('MSG-000404-404', () => send(method, where, headers));
      titles.add(answer.body?.title);
    }
    assert.equal(titles.size, 1);
    assert.equal((await send('GET', path)).body?.scheduleStatus, 'Scheduled');
    assert.equal((await send('DELETE', path)).status, 200);
    await ingress.refused('MSG-000404-404', () => send('GET', path));
  });
});

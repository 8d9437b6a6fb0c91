import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const MEMBERS = 700;
/** Slow enough that the stop comes in the middle: of 700 members 200 wait at most, and 20 a second are sent. */
const RATE = 20;

type Json = Record<string, unknown>;

describe('a campaign that is stopped while an audience execution is on its way', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
  });
  after(() => stack.stop());

  const made = async (path: string, body: unknown): Promise<Json> => {
    const answer = await stack.call('control', 'POST', path, body);
    assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const execute = (body: unknown) => stack.call('ingress', 'POST', '/ajo/im/executions/audience', body);
  const ingress = (path: string) => stack.call('ingress', 'GET', `/ajo/im/executions${path}`);

  async function liveCampaign(): Promise<string> {
    const { audienceId } = await made('/audiences', { name: 'everybody' });
    const { importId } = await made('/imports', { audienceId, format: 'ndjson' });
    const people = Array.from({ length: MEMBERS }, (_, n) =>
      JSON.stringify({ identities: [{ namespace: 'email', value: `m${n}@shop.example` }] }),
    );
    const loaded = await stack.call('control', 'PUT', `/imports/${importId}/content`, people.join('\n'));
    assert.equal(loaded.body.createdCount, MEMBERS, JSON.stringify(loaded.body));
    const { surfaceId } = await made('/metadata/surfaces', {
      channel: 'EMAIL',
      category: 'Marketing',
      name: 'news',
      settings: { from_name: 'Shop', from_email: 'shop@shop.example' },
    });
    const content = { subject: 'News', html: { body: '<p>News</p>' } };
    const { campaignId } = await made('/campaigns', {
      name: 'News',
      category: 'Marketing',
      identityNamespace: 'email',
      audience: { audienceId },
      throttleRatePerSec: RATE,
      packages: [{ channel: 'EMAIL', attributes: { surface: { surfaceId } }, content }],
    });
    await made(`/campaigns/${campaignId}/publish`, undefined);
    return String(campaignId);
  }

  /** How many messages of the campaign are in each state, by the ledger's own account. */
  async function states(campaignId: string): Promise<Record<string, number>> {
    const { rows } = await ledger.pool.query<{ state: string; n: number }>(
      `SELECT state, count(*)::int AS n FROM (
         SELECT coalesce((SELECT h.state FROM message_history h WHERE h.message_id = m.message_id
                          ORDER BY h.sequence DESC LIMIT 1), 'queued') AS state
         FROM messages m WHERE m.campaign_id = $1) s GROUP BY state`,
      [campaignId],
    );
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  test('F014: what is being sent ends, what waits is canceled and counted, schedules vanish, new calls and activation are refused', async () => {
    const campaignId = await liveCampaign();
    const accepted = await execute({ requestId: 'first', campaignId });
    assert.equal(accepted.status, 202, JSON.stringify(accepted.body));
    const executeAt = new Date(Date.now() + 3_600_000).toISOString();
    const scheduled = await execute({ campaignId, schedule: { executeAt } });
    assert.equal(scheduled.body.scheduleStatus, 'Scheduled');
    await waitFor('some messages to be sent', async () => ((await states(campaignId)).sent ?? 0) >= 10 || undefined);
    const underWay = await ingress(`/audience/${accepted.body.executionId}`);
    assert.equal(underWay.body.status, 'InProgress');

    const stopped = await stack.call('control', 'POST', `/campaigns/${campaignId}/stop`);
    assert.deepEqual([stopped.status, stopped.body.status], [200, 'STOPPED']);
    const ended = await waitFor('the execution to end', async () => {
      const { body } = await ingress(`/audience/${accepted.body.executionId}`);
      return body.status === 'InProgress' ? undefined : body;
    });
    assert.deepEqual([ended.status, ended.failureCode], ['Failed', 'canceled.campaign_stopped']);
    assert.match(String(ended.failureReason), /stopped before the whole audience was reached/);
    const targeted = Number(ended.targetedProfileCount);
    assert.ok(targeted >= 10 && targeted < MEMBERS, `${targeted} targeted`);

    const final = await waitFor('every message to end', async () => {
      const now = await states(campaignId);
      return (now.sent ?? 0) + (now.canceled ?? 0) === targeted ? now : undefined;
    });
    assert.ok(final.canceled! > 0, 'some were waiting');
    assert.deepEqual(Object.keys(final).sort(), ['canceled', 'sent']);
    const { rows } = await ledger.pool.query<{ kept: number; people: number; code: string }>(
      `SELECT (SELECT count(*)::int FROM sandbox_records) AS kept, (SELECT count(DISTINCT recipient)::int FROM sandbox_records) AS people,
         (SELECT string_agg(DISTINCT code, ', ') FROM message_events WHERE state = 'canceled') AS code`,
    );
    assert.deepEqual(rows, [{ kept: final.sent, people: final.sent, code: 'canceled.campaign_stopped' }]);

    await waitFor('the schedule to vanish', async () => {
      return (await ingress(`/schedules/${scheduled.body.scheduleId}`)).status === 404 || undefined;
    });
    for (const body of [{ campaignId }, { campaignId, requestId: randomUUID(), schedule: { executeAt } }]) {
      const refused = await execute(body);
      assert.match(String(refused.body.type), /MSG-000011-400$/);
      assert.match(String(refused.body.title), /stopped/);
    }
    // What was accepted stays accepted: the same call again is answered as before.
    assert.deepEqual((await execute({ requestId: 'first', campaignId })).body, accepted.body);
    for (const path of ['publish', 'stop', 'draft']) {
      const refused = await stack.call('control', 'POST', `/campaigns/${campaignId}/${path}`);
      assert.equal(refused.status, 409, path);
    }
  });
});

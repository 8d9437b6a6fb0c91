import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lane, uuidv7 } from '@outrigger/core';
import {
  type Audience,
  addMembers,
  ensureTenant,
  fireSchedules,
  insertAudience,
  insertAudienceExecution,
  listMembers,
  openPool,
  readAudienceExecution,
  readExecution,
  runningExecutions,
  upsertProfiles,
  writePage,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { createFanOut } from '../src/fan-out.ts';

const { pool, databaseUrl, schema } = await openTestLedger();
const { tenantId } = await ensureTenant(pool, 'fan-out', 'prod');
const silent = new Proxy({}, { get: () => () => undefined }) as never;
const log = silent;

type Setting = { members: number; rate?: number; namespace?: string };

async function running({ members, rate, namespace = 'email' }: Setting) {
  const campaign = { campaignId: uuidv7(), versionId: uuidv7() };
  const definition = {
    channel: 'email',
    lane_class: 'bulk',
    category: 'marketing',
    identity_namespace: namespace,
    deadline_ms: 3_600_000,
    rate_per_second: rate ?? null,
    on_unknown: 'hold',
  };
  await pool.query(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, category, status, live_version_id, created_by, modified_by)
     VALUES ($1, $2, 'news', 'Marketing', 'LIVE', $3, 'test', 'test')`,
    [campaign.campaignId, tenantId, campaign.versionId],
  );
  await pool.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, compiled, settings, activated_by)
     VALUES ($1, $2, $3, 1, $4, '{}', '{}', 'test')`,
    [campaign.versionId, campaign.campaignId, tenantId, definition],
  );
  const audience = (await insertAudience(pool, tenantId, { name: uuidv7(), description: '', rule: null, by: 'test' }))!;
  const identities = Array.from({ length: members }, (_, n) => ({
    namespace: 'email',
    value: `${audience.audienceId}-${n}@shop.example`,
  }));
  for (let from = 0; from < members; from += 1_000) {
    const part = identities.slice(from, from + 1_000);
    await upsertProfiles(
      pool,
      tenantId,
      part.map((identity) => ({ identities: [identity] })),
      'merge',
    );
    await addMembers(pool, audience, part);
  }
  const accepted = await insertAudienceExecution(pool, {
    executionId: uuidv7(),
    tenantId,
    campaignId: campaign.campaignId,
    versionId: campaign.versionId,
    audienceId: audience.audienceId,
    requestId: 'r',
    requestKey: null,
    fingerprint: uuidv7(),
    context: null,
    createdBy: 'test',
    scheduleId: null,
    executeAt: null,
  });
  if (!('execution' in accepted)) throw new Error(`not accepted: ${accepted.kind}`);
  const { execution } = accepted;
  return { campaign, audience, executionId: execution.executionId, identities };
}

const standing = async (executionId: string) => (await readAudienceExecution(pool, tenantId, { executionId }))!;
const deps = (maxWaiting = 1_000_000, behindMs = 0) => ({
  pool,
  log,
  enqueue: () => undefined,
  oldestAgeMs: (lane: Lane) => (lane === 'email' ? behindMs : 0),
  maxWaiting,
});

/** Who got a message, as the ledger has it: through the executions of at most a hundred. */
async function targets(executionId: string): Promise<string[]> {
  const { rows } = await pool.query<{ execution_id: string }>(
    'SELECT execution_id FROM audience_chunks WHERE audience_execution_id = $1 ORDER BY number',
    [executionId],
  );
  for (const row of rows) {
    const account = await readExecution(pool, tenantId, row.execution_id);
    assert.ok(account!.messages.length >= 1 && account!.messages.length <= 100);
  }
  const ids = rows.map((row) => row.execution_id);
  const { rows: contents } = await pool.query<{ content: string }>('SELECT content FROM contents_of($1)', [ids]);
  return contents.flatMap(({ content }) => (JSON.parse(content) as { userIds: string[] }).userIds);
}

const MOST_CUTS = 20;

test('F040: dispatchers that race each other and lose their connections reach every member exactly once', async () => {
  const { executionId, identities } = await running({ members: 5_450 });
  const cuttable = openPool({ databaseUrl, schema, maxConnections: 6, applicationName: 'fan-out test' });
  let cut = 0;
  const cutting = setInterval(() => {
    // A page that is being written is cut off in the middle, like a process that is killed.
    pool
      .query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = $1
           AND state <> 'idle' AND query ~ 'audience_executions|request_keys|COMMIT' LIMIT 1`,
        ['fan-out test'],
      )
      .then(({ rowCount }) => {
        cut += rowCount ?? 0;
        // On a slow machine nothing would ever be committed otherwise.
        if (cut >= MOST_CUTS) clearInterval(cutting);
      })
      .catch(() => undefined);
  }, 7);
  const dispatcher = async () => {
    for (;;) {
      await createFanOut({ ...deps(), pool: cuttable })().catch(() => undefined);
      const now = await standing(executionId).catch(() => undefined);
      if (now?.status === 'succeeded') return;
    }
  };
  await Promise.all([dispatcher(), dispatcher(), dispatcher()]).finally(() => clearInterval(cutting));
  await cuttable.end();
  assert.ok(cut >= MOST_CUTS / 2, `only ${cut} connections were cut`);
  const { targeted, status } = await standing(executionId);
  assert.deepEqual([status, targeted], ['succeeded', 5_450]);
  assert.deepEqual((await targets(executionId)).sort(), identities.map(({ value }) => value).sort());
});

test('members are those of the start: who joins later is not reached, who leaves before the page is not either', async () => {
  const { executionId, audience, identities } = await running({ members: 250 });
  const request = {
    lane: 'email-bulk' as const,
    namespace: 'email',
    limit: 100,
    chunkSize: 100,
    expiresAt: new Date(Date.now() + 60_000),
    countOnly: false,
  };
  await writePage(pool, executionId, request);
  const late = { namespace: 'email', value: `late-${audience.audienceId}@shop.example` };
  await upsertProfiles(pool, tenantId, [{ identities: [late] }], 'merge');
  await addMembers(pool, audience, [late]);
  const [last] = (await listMembers(pool, tenantId, audience as Audience, { limit: 1_000 })).slice(-2, -1);
  await pool.query('DELETE FROM audience_members WHERE audience_id = $1 AND profile_id = $2', [
    audience.audienceId,
    last,
  ]);
  for (let page = await writePage(pool, executionId, request); page && !page.done; ) {
    page = await writePage(pool, executionId, request);
  }
  const reached = await targets(executionId);
  assert.equal(reached.length, 249);
  assert.equal(new Set(reached).size, 249);
  assert.ok(!reached.includes(late.value));
  assert.ok(reached.every((value) => identities.some((identity) => identity.value === value)));
});

test('no more waits than may: the next page comes when there is room, and never while transactional lanes are behind', async () => {
  const { executionId, campaign } = await running({ members: 900 });
  const before = await pool.query("DELETE FROM batches WHERE lane = 'email-bulk'");
  assert.ok(before.rowCount !== null);
  for (let round = 0; round < 5; round++) await createFanOut(deps(300))();
  assert.equal((await standing(executionId)).targeted, 300);
  await pool.query("DELETE FROM batches WHERE lane = 'email-bulk'");
  await createFanOut(deps(300, 5_000))();
  assert.equal((await standing(executionId)).targeted, 300);
  await createFanOut(deps(300))();
  assert.equal((await standing(executionId)).targeted, 600);
  // F014: a stop ends the run; what became messages is left to the gate.
  await pool.query("UPDATE campaigns SET status = 'STOPPED' WHERE campaign_id = $1", [campaign.campaignId]);
  await createFanOut(deps())();
  const { status, failureCode, targeted } = await standing(executionId);
  assert.deepEqual([status, failureCode, targeted], ['failed', 'canceled.campaign_stopped', 600]);
});

test('F081: a campaign with a rate keeps ten seconds of it waiting, and leaves over who is not reached in time', async () => {
  await pool.query("DELETE FROM batches WHERE lane = 'email-bulk'");
  const { executionId } = await running({ members: 800, rate: 20 });
  for (let round = 0; round < 4; round++) await createFanOut(deps())();
  assert.equal((await standing(executionId)).targeted, 200);
  await pool.query("UPDATE audience_executions SET started_at = now() - interval '12 hours' WHERE execution_id = $1", [
    executionId,
  ]);
  // Membership counts as of the start, which this test has moved.
  await pool.query("UPDATE audience_members SET added_at = now() - interval '1 day'");
  while ((await runningExecutions(pool)).length > 0) await createFanOut(deps())();
  const { status, targeted, leftOver } = await standing(executionId);
  assert.deepEqual([status, targeted, leftOver], ['succeeded', 200, 600]);
});

test('executions of one tenant take turns when there is room for one page only', async () => {
  await pool.query("DELETE FROM batches WHERE lane = 'email-bulk'");
  const sizes = [
    await running({ members: 900 }),
    await running({ members: 900 }),
    await running({ members: 900, rate: 20 }),
  ] as const;
  const reached = async () => Promise.all(sizes.map(async ({ executionId }) => (await standing(executionId)).targeted));
  const round = createFanOut(deps(300));
  await round();
  assert.deepEqual(await reached(), [300, 0, 0]);
  for (const expected of [
    [300, 300, 0],
    [300, 300, 200],
    [600, 300, 200],
    [600, 600, 200],
    [600, 600, 400],
  ]) {
    // What waited is sent: there is room for one page more.
    await pool.query("DELETE FROM batches WHERE lane = 'email-bulk'");
    await round();
    assert.deepEqual(await reached(), expected);
  }
});

test('of calls for one campaign that come at once one is taken, and the others are told of it (MSG-000023)', async () => {
  const { campaign, audience, executionId } = await running({ members: 10 });
  const call = (requestKey: string | null = null, executeAt: Date | null = null) =>
    insertAudienceExecution(pool, {
      executionId: uuidv7(),
      tenantId,
      ...campaign,
      audienceId: audience.audienceId,
      requestId: 'r',
      requestKey,
      fingerprint: audience.audienceId,
      context: null,
      createdBy: 'test',
      scheduleId: executeAt && uuidv7(),
      executeAt,
    });
  assert.deepEqual(await call(), { kind: 'exporting', executionId });
  await pool.query("UPDATE audience_executions SET status = 'succeeded' WHERE status = 'running'");
  await call(null, new Date(Date.now() - 1_000));
  const key = uuidv7();
  const raced = await Promise.all([
    ...Array.from({ length: 12 }, () => call()),
    ...Array.from({ length: 12 }, () => call(key)),
    ...Array.from({ length: 4 }, async () => {
      await fireSchedules(pool);
      return { kind: 'fired' as const };
    }),
  ]);
  const { rows } = await pool.query<{ id: string }>(
    "SELECT execution_id AS id FROM audience_executions WHERE campaign_id = $1 AND status = 'running'",
    [campaign.campaignId],
  );
  assert.equal(rows.length, 1);
  const kinds = Map.groupBy(raced, ({ kind }) => kind);
  assert.ok((kinds.get('accepted')?.length ?? 0) <= 1);
  for (const refused of kinds.get('exporting') ?? []) {
    assert.equal('executionId' in refused && refused.executionId, rows[0]!.id);
  }
  assert.equal(kinds.get('conflict'), undefined);
});

test('F006: members without an identity in the namespace are counted, and no message is made', async () => {
  await pool.query("DELETE FROM batches WHERE lane = 'email-bulk'");
  const { executionId } = await running({ members: 30, namespace: 'crmid' });
  while ((await runningExecutions(pool)).length > 0) await createFanOut(deps())();
  const { targeted, withoutIdentity } = await standing(executionId);
  assert.deepEqual([targeted, withoutIdentity], [0, 30]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptAudienceCall, createCampaignDirectory } from '@outrigger/pipeline';
import { advanceCampaigns, fireSchedules } from '@outrigger/store';
import fc from 'fast-check';
import { parseAudienceCall } from '../../packages/contracts/src/index.ts';
import { createSurface, emailDefinition, startControl } from './control.ts';

const control = await startControl();
const { pool } = control;
const { tenant, keyId } = control.caller;
const caller = { tenant, keyId, keyName: 'test', scopes: ['execute' as const] };
const surfaceId = await createSurface(control, { category: 'Marketing' });
const { body: audience } = await control.call('POST', '/audiences', { name: 'everybody' });
const HOUR_MS = 3_600_000;
const RUNS = 40;

/**
 * A campaign's window and its schedules as a function of time, in hours. Instants lie at half hours and the clock stands at whole
 * ones, so that what the test itself takes decides nothing.
 */
type Model = {
  start: number | undefined;
  end: number | undefined;
  now: number;
  status: 'SCHEDULED' | 'LIVE' | 'COMPLETED' | 'STOPPED';
  schedules: { id: string; at: number; status: 'scheduled' | 'started' | 'failed' | 'canceled' }[];
};
const isOpenAt = ({ start, end }: Model, at: number) =>
  (start === undefined || start <= at) && (end === undefined || at < end);

/** Which code the model refuses a call with; undefined where it is accepted. */
function refusalOf(model: Model, at: number | undefined): string | undefined {
  if (model.status === 'STOPPED' || model.status === 'COMPLETED') return 'MSG-000011';
  if (at === undefined) return isOpenAt(model, model.now) ? undefined : 'MSG-000012';
  return at > model.now && isOpenAt(model, at) ? undefined : 'MSG-000021';
}

type Step =
  | { kind: 'pass'; hours: number }
  | { kind: 'janitor' | 'dispatcher' | 'stop' | 'call' }
  | { kind: 'schedule'; inHours: number; offset: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'dispatcher' as const }) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'janitor' as const }, { kind: 'call' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('schedule' as const),
      inHours: fc.integer({ min: -1, max: 5 }),
      offset: offset(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'stop' as const }) },
);

/** Minutes that an instant's author is ahead of UTC, up to what RFC 3339 can write: time zones, and summer time, are that. */
function offset(): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(0, 60, 120, 330, 345, 840, -720), fc.integer({ min: -1_439, max: 1_439 }));
}

/** An instant so many hours and a half from now, as somebody writes it whose clock is that far ahead. */
function written(hours: number, minutesAhead: number): string {
  const local = new Date(Date.now() + (hours + 0.5) * HOUR_MS + minutesAhead * 60_000).toISOString().slice(0, -1);
  const [h, m] = [Math.floor(Math.abs(minutesAhead) / 60), Math.abs(minutesAhead) % 60];
  return `${local}${minutesAhead < 0 ? '-' : '+'}${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`;
}

/** Time passes for a campaign: everything that was written down lies so much nearer, or further back. */
async function pass(campaignId: string, hours: number): Promise<void> {
  const earlier = [campaignId, `${hours} hours`];
  for (const name of ['start_at', 'end_at']) {
    await pool.query(
      `UPDATE campaign_versions SET definition = jsonb_set(definition, ARRAY[$3],
         to_jsonb(to_char((definition->>$3)::timestamptz AT TIME ZONE 'UTC' - $2::interval, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
       WHERE campaign_id = $1 AND definition->>$3 IS NOT NULL`,
      [...earlier, name],
    );
  }
  await pool.query(
    'UPDATE audience_executions SET execute_at = execute_at - $2::interval WHERE campaign_id = $1',
    earlier,
  );
}

async function activated(
  start: number | undefined,
  end: number | undefined,
  offsets: [number, number],
): Promise<string> {
  const schedule = {
    ...(start !== undefined && { startDate: written(start, offsets[0]), startDateEnabled: true }),
    ...(end !== undefined && { endDate: written(end, offsets[1]), endDateEnabled: true }),
  };
  const definition = emailDefinition(surfaceId, {
    category: 'Marketing',
    audience: { audienceId: audience.audienceId },
    schedule,
  });
  const created = await control.call('POST', '/campaigns', definition);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const live = await control.call('POST', `/campaigns/${created.body.campaignId}/publish`);
  assert.equal(live.status, 200, JSON.stringify(live.body));
  return String(created.body.campaignId);
}

/** A call in a process that remembers no campaign; its execution, or the code that refused it. */
async function call(campaignId: string, executeAt?: string): Promise<{ executionId: string } | { code: string }> {
  const parsed = parseAudienceCall({ campaignId, ...(executeAt !== undefined && { schedule: { executeAt } }) });
  if ('refusal' in parsed) return { code: parsed.refusal.code };
  const findCampaign = createCampaignDirectory(pool);
  const answered = await acceptAudienceCall({ pool, findCampaign }, caller, parsed.call);
  return 'refusal' in answered ? { code: answered.refusal.code } : { executionId: answered.execution.executionId };
}

/** The dispatcher until nothing is due: each execution it starts is over before the next, as one campaign has one at a time. */
async function dispatch(model: Model): Promise<void> {
  for (;;) {
    const { started, failed } = await fireSchedules(pool);
    await pool.query(`UPDATE audience_executions SET status = 'succeeded' WHERE status = 'running'`);
    if (started + failed === 0) break;
  }
  for (const schedule of model.schedules.filter(({ status }) => status === 'scheduled')) {
    if (model.status === 'STOPPED') schedule.status = 'canceled';
    else if (schedule.at <= model.now) schedule.status = isOpenAt(model, model.now) ? 'started' : 'failed';
  }
}

async function take(model: Model, campaignId: string, one: Step): Promise<void> {
  switch (one.kind) {
    case 'pass':
      await pass(campaignId, one.hours);
      model.now += one.hours;
      return;
    case 'janitor':
      await advanceCampaigns(pool);
      if (model.status === 'STOPPED' || model.status === 'COMPLETED') return;
      if (model.end !== undefined && model.end <= model.now) model.status = 'COMPLETED';
      else if (model.start === undefined || model.start <= model.now) model.status = 'LIVE';
      return;
    case 'dispatcher':
      return dispatch(model);
    case 'stop': {
      const { status } = await control.call('POST', `/campaigns/${campaignId}/stop`);
      assert.equal(status, model.status === 'STOPPED' || model.status === 'COMPLETED' ? 409 : 200);
      if (status === 200) model.status = 'STOPPED';
      return;
    }
    case 'call': {
      const answer = await call(campaignId);
      assert.equal('code' in answer ? answer.code : undefined, refusalOf(model, undefined));
      await pool.query(`UPDATE audience_executions SET status = 'succeeded' WHERE status = 'running'`);
      return;
    }
    case 'schedule': {
      const at = model.now + one.inHours + 0.5;
      const answer = await call(campaignId, written(one.inHours, one.offset));
      assert.equal('code' in answer ? answer.code : undefined, refusalOf(model, at), `at ${at}`);
      if ('executionId' in answer) model.schedules.push({ id: answer.executionId, at, status: 'scheduled' });
    }
  }
}

async function check(model: Model, campaignId: string): Promise<void> {
  const { body } = await control.call('GET', `/campaigns/${campaignId}`);
  assert.equal(body.status, model.status);
  const { rows } = await pool.query<{ id: string; status: string; code: string | null }>(
    `SELECT execution_id AS id, status, failure_code AS code FROM audience_executions
     WHERE campaign_id = $1 AND schedule_id IS NOT NULL`,
    [campaignId],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const { id, status } of model.schedules) {
    const expected = status === 'started' ? 'succeeded' : status;
    assert.deepEqual(found.get(id), { id, status: expected, code: status === 'failed' ? 'MSG-000012' : null });
  }
  assert.equal(found.size, model.schedules.length, 'what was refused is not stored');
}

test('a campaign takes calls, starts, completes and fires schedules as its window says, in whatever time zone that is written (F010, F012, F013, F042)', async (t) => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.integer({ min: -5, max: 3 }), { nil: undefined }),
      fc.option(fc.integer({ min: 2, max: 10 }), { nil: undefined }),
      fc.tuple(offset(), offset()),
      fc.array(step, { minLength: 6, maxLength: 16 }),
      async (first, length, offsets, steps) => {
        const end = length === undefined ? undefined : Math.max(first ?? 0, 0) + length;
        const campaignId = await activated(first, end, offsets);
        const model: Model = {
          start: first === undefined ? undefined : first + 0.5,
          end: end === undefined ? undefined : end + 0.5,
          now: 0,
          status: first !== undefined && first >= 0 ? 'SCHEDULED' : 'LIVE',
          schedules: [],
        };
        await check(model, campaignId);
        // In the end all that was planned is due.
        const last = [{ kind: 'pass', hours: 3 }, { kind: 'dispatcher' }, { kind: 'janitor' }] as const;
        for (const one of [...steps, ...last]) {
          await take(model, campaignId, one);
          await check(model, campaignId);
        }
        for (const { status } of [...model.schedules, model]) seen.set(status, (seen.get(status) ?? 0) + 1);
        // The next campaign's dispatcher must not find anything of this one.
        await pool.query(`UPDATE audience_executions SET status = 'canceled' WHERE status = 'scheduled'`);
        await pool.query(`UPDATE campaigns SET status = 'STOPPED' WHERE campaign_id = $1`, [campaignId]);
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  t.diagnostic([...seen].map(([what, count]) => `${what}: ${count}`).join(', '));
  for (const what of ['started', 'failed', 'COMPLETED', 'STOPPED', 'LIVE']) {
    assert.ok(seen.has(what), `no run came to ${what}`);
  }
});

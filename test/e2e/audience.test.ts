import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { createTestCaller, openTestLedger, type TestCaller, waitFor } from '@outrigger/testkit';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const SURFACE = { channel: 'EMAIL', settings: { from_name: 'Shop', from_email: 'shop@shop.example' } };

type Json = Record<string, unknown>;

describe('audience executions, from people to messages', () => {
  let stack: TestStack;
  let foreign: TestCaller;
  let twins: TestCaller[];
  before(async () => {
    // Before the services start: a key that is made later is known to them within seconds only.
    foreign = await createTestCaller(ledger.pool, hashSecret);
    twins = await Promise.all(
      ['twin-a', 'twin-b'].map((orgId) => createTestCaller(ledger.pool, hashSecret, { orgId, sandboxName: 'prod' })),
    );
    stack = await startStack(ledger, 'postgres');
  });
  after(() => stack.stop());

  const control = (method: string, path: string, body?: unknown, as?: TestCaller) =>
    stack.call('control', method, path, body, as);
  const ingress = (method: string, path: string, body?: unknown, as?: TestCaller) =>
    stack.call('ingress', method, `/ajo/im/executions${path}`, body, as);

  async function draftCampaign(
    category: 'Marketing' | 'Transactional',
    change: Json = {},
    as?: TestCaller,
    settings: Json = {},
  ) {
    const surface = await control(
      'POST',
      '/metadata/surfaces',
      { ...SURFACE, category, name: `s-${randomUUID()}`, settings: { ...SURFACE.settings, ...settings } },
      as,
    );
    const draft = await control(
      'POST',
      '/campaigns',
      {
        name: 'Autumn',
        category,
        identityNamespace: 'email',
        packages: [
          {
            channel: 'EMAIL',
            attributes: { surface: { surfaceId: surface.body.surfaceId } },
            content: {
              subject: 'Hello {{ profile.name }}, {{ context.offer }} from {{ context.system.source.name }}',
              html: { body: '<p>{{ profile.name }}</p>' },
            },
          },
        ],
        ...change,
      },
      as,
    );
    assert.equal(draft.status, 201, JSON.stringify(draft.body));
    return String(draft.body.campaignId);
  }

  async function campaign(...made: Parameters<typeof draftCampaign>) {
    const campaignId = await draftCampaign(...made);
    const [, , as] = made;
    const live = await control('POST', `/campaigns/${campaignId}/publish`, undefined, as);
    assert.equal(live.status, 200, JSON.stringify(live.body));
    return campaignId;
  }

  async function audienceOf(
    people: { email?: string; crmid?: string; consents?: Json; name?: string }[],
    as?: TestCaller,
  ) {
    const add = [];
    for (const { email, crmid, consents, name } of people) {
      const identities = [
        ...(email ? [{ namespace: 'email', value: email }] : []),
        ...(crmid ? [{ namespace: 'crmid', value: crmid }] : []),
      ];
      const body = { identities, attributes: { name: name ?? email ?? crmid }, ...(consents && { consents }) };
      const put = await control('PUT', '/profiles', body, as);
      assert.ok(put.status < 300, JSON.stringify(put.body));
      add.push(identities[0]);
    }
    const made = await control('POST', '/audiences', { name: `a-${randomUUID()}` }, as);
    const audienceId = String(made.body.audienceId);
    const members = await control('POST', `/audiences/${audienceId}/members`, { add }, as);
    assert.equal(members.body.added, people.length);
    return audienceId;
  }

  async function exported(executionId: unknown, as?: TestCaller) {
    return waitFor(`${executionId} to be exported`, async () => {
      const { body } = await ingress('GET', `/audience/${executionId}`, undefined, as);
      return body.status === 'InProgress' ? undefined : body;
    });
  }

  /** How the messages of an audience execution ended, by the address they were for. */
  async function endsOf(executionId: unknown) {
    const id = String(executionId).slice(4);
    return waitFor('all messages to have ended', async () => {
      const { rows } = await ledger.pool.query<{ execution_id: string }>(
        'SELECT execution_id FROM audience_chunks WHERE audience_execution_id = $1',
        [id],
      );
      const accounts = await Promise.all(rows.map((row) => ingress('GET', `/BMA-${row.execution_id}`)));
      const messages = accounts.flatMap(
        ({ body }) => body.messages as { messageId: string; state: string; code?: string }[],
      );
      return messages.every(({ state }) => state === 'sent' || state === 'excluded') ? messages : undefined;
    });
  }

  async function keptFor(messageId: string) {
    const { body } = await control('GET', `/sandbox/messages?messageId=${messageId}`);
    return (body.data as { recipient: string; content: Json }[])[0]!;
  }

  test('F074: any=n beats a yes of the channel, and a no for one address counts only below a channel that is not n', async () => {
    const choice = (val: string) => ({ val });
    const at = (address: string, val: string) => ({ email: { [address]: { marketing: { email: choice(val) } } } });
    const people: [who: string, consents: Json, code?: string, detail?: RegExp][] = [
      ['any-no', { marketing: { any: choice('n'), email: choice('y') } }, '050101', /marketing\.any is n/],
      ['any-yes', { marketing: { any: choice('y'), email: choice('n') } }, '050101', /marketing\.email is n/],
      ['says-nothing', {}],
      [
        'address-no',
        { marketing: { email: choice('y') }, idSpecific: at('address-no@shop.example', 'n') },
        '050101',
        /idSpecific is n/,
      ],
      ['other-address-no', { marketing: { email: choice('y') }, idSpecific: at('elsewhere@shop.example', 'n') }],
      [
        'address-yes',
        { marketing: { email: choice('n') }, idSpecific: at('address-yes@shop.example', 'y') },
        '050101',
        /marketing\.email is n/,
      ],
      ['all-yes', { marketing: { any: choice('y'), email: choice('y') }, idSpecific: at('all-yes@shop.example', 'y') }],
    ];
    const audienceId = await audienceOf(
      people.map(([who, consents]) => ({ email: `${who}@shop.example`, name: who, consents })),
    );
    const campaignId = await campaign('Marketing', { audience: { audienceId } });
    const answer = await ingress('POST', '/audience', { requestId: 'consents-1', campaignId });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    await exported(answer.body.executionId);
    const messages = await endsOf(answer.body.executionId);
    assert.equal(messages.length, people.length);
    const sent = await Promise.all(
      messages
        .filter(({ state }) => state === 'sent')
        .map(async ({ messageId }) => (await keptFor(messageId)).recipient),
    );
    assert.deepEqual(sent.sort(), people.flatMap(([who, , code]) => (code ? [] : [`${who}@shop.example`])).sort());
    const accounts = await Promise.all(
      messages
        .filter(({ state }) => state === 'excluded')
        .map(({ messageId }) => stack.call('ingress', 'GET', `/ajo/im/messages/${messageId}`)),
    );
    const details = accounts.map(({ body }) => {
      assert.equal(body.code, '050101');
      return String((body.events as { detail?: string }[]).at(-1)!.detail);
    });
    for (const [who, , , detail] of people) {
      if (detail)
        assert.ok(
          details.some((one) => detail.test(one)),
          who,
        );
    }
    const count = (detail: RegExp) => details.filter((one) => detail.test(one)).length;
    assert.deepEqual([count(/marketing\.any/), count(/marketing\.email/), count(/idSpecific/)], [1, 2, 1]);
  });

  test('F040, F041, F007, F006, F072: one call mails every consenting member once; the status tells the targeted', async () => {
    const people = Array.from({ length: 230 }, (_, n) => ({ email: `m${n}@shop.example` }));
    const no = { marketing: { email: { val: 'n' } } };
    const audienceId = await audienceOf([...people, { email: 'no@shop.example', consents: no }, { crmid: 'no-email' }]);
    const campaignId = await campaign('Marketing', { audience: { audienceId } });
    const call = { requestId: 'autumn-1', campaignId, context: { offer: '20 %' } };
    const answer = await ingress('POST', '/audience', call);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    assert.match(String(answer.body.executionId), /^CMA-[0-9a-f-]{36}$/);
    assert.equal(answer.body.requestId, 'autumn-1');
    const again = await ingress('POST', '/audience', call);
    assert.deepEqual([again.status, again.body], [202, answer.body]);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    const other = await ingress('POST', '/audience', { ...call, context: { offer: '30 %' } });
    assert.equal(other.status, 409);

    const status = await exported(answer.body.executionId);
    assert.equal(status.status, 'Succeeded');
    assert.equal(status.targetedProfileCount, 231);
    assert.equal(status.withoutIdentityCount, 1);
    assert.deepEqual([status.campaignId, status.audienceId], [campaignId, audienceId]);
    const messages = await endsOf(answer.body.executionId);
    assert.equal(messages.length, 231);
    assert.equal(new Set(messages.map(({ messageId }) => messageId)).size, 231);
    assert.deepEqual(
      messages.filter(({ state }) => state === 'excluded').map(({ code }) => code),
      ['050101'],
    );
    const sent = messages.filter(({ state }) => state === 'sent');
    const kept = await Promise.all(sent.map(({ messageId }) => keptFor(messageId)));
    assert.deepEqual(kept.map(({ recipient }) => recipient).sort(), people.map(({ email }) => email).sort());
    assert.match(String(kept[0]!.content.subject), /^Hello m\d+@shop.example, 20 % from Autumn$/);
    const unknown = await ingress('GET', `/audience/CMA-${randomUUID()}`);
    assert.equal(unknown.status, 404);
  });

  test('F072, F073: marketing to a person who opted out is excluded 050101, the transactional message is sent', async () => {
    const person = { email: 'out@shop.example', name: 'Out', consents: { marketing: { any: { val: 'n' } } } };
    const audienceId = await audienceOf([person]);
    const marketing = await campaign('Marketing', { audience: { audienceId } });
    const answer = await ingress('POST', '/audience', { campaignId: marketing });
    await exported(answer.body.executionId);
    const [excluded] = await endsOf(answer.body.executionId);
    assert.deepEqual([excluded!.state, excluded!.code], ['excluded', '050101']);

    const transactional = await campaign('Transactional');
    const recipients = [
      {
        type: 'aep',
        namespace: 'email',
        userId: 'out@shop.example',
        profile: { consents: { marketing: { any: { val: 'y' } } } },
      },
    ];
    const call = await stack.trigger({ requestId: randomUUID(), campaignId: transactional, recipients });
    const sent = await waitFor('the receipt to be sent', async () => {
      const { body } = await ingress('GET', `/${call.body.executionId}`);
      const [message] = body.messages as { state: string; messageId: string }[];
      return message!.state === 'sent' ? message : undefined;
    });
    assert.equal((await keptFor(sent.messageId)).recipient, 'out@shop.example');
  });

  test('F075, F076: an address that opted out is left alone, and an opt-in configuration excludes silence', async () => {
    const idSpecific = (address: string) => ({
      idSpecific: { Email: { [address]: { marketing: { email: { val: 'n' } } } } },
    });
    const audienceId = await audienceOf([
      { email: 'one@shop.example', consents: idSpecific('ONE@shop.example') },
      { email: 'two@shop.example', consents: idSpecific('other@shop.example') },
      { email: 'yes@shop.example', consents: { marketing: { email: { val: 'y' } } } },
    ]);
    const states = async (settings: Json) => {
      const campaignId = await campaign('Marketing', { audience: { audienceId } }, undefined, settings);
      const answer = await ingress('POST', '/audience', { campaignId });
      await exported(answer.body.executionId);
      const ends = await endsOf(answer.body.executionId);
      return ends.map(({ state }) => state).sort();
    };
    assert.deepEqual(await states({}), ['excluded', 'sent', 'sent']);
    assert.deepEqual(await states({ consent_mode: 'opt-in' }), ['excluded', 'excluded', 'sent']);
  });

  test('F042: a schedule fires on time, once, and then shows its execution', async () => {
    const audienceId = await audienceOf([{ email: 'later@shop.example' }]);
    const campaignId = await campaign('Marketing', { audience: { audienceId } });
    const executeAt = new Date(Date.now() + 1_500).toISOString();
    const call = { requestId: 'later', campaignId, audience: { id: audienceId }, schedule: { executeAt } };
    const answer = await ingress('POST', '/audience', call);
    assert.equal(answer.status, 202);
    const { scheduleId, ...rest } = answer.body;
    assert.deepEqual(rest, { scheduleStatus: 'Scheduled', audience: { id: audienceId }, campaignId, executeAt });
    const before = await ingress('GET', `/schedules/${scheduleId}`);
    assert.deepEqual(before.body, answer.body);
    const fired = await waitFor('the schedule to fire', async () => {
      const { body } = await ingress('GET', `/schedules/${scheduleId}`);
      const details = body.executionDetails as Json | undefined;
      return details?.status === 'Succeeded' ? { body, details } : undefined;
    });
    assert.equal(fired.body.scheduleStatus, 'Triggered');
    assert.equal(fired.details.targetedProfileCount, 1);
    const lateMs = Date.parse(String(fired.details.startedAt)) - Date.parse(executeAt);
    assert.ok(lateMs >= 0 && lateMs < 5_000, `${lateMs} ms late`);
    assert.deepEqual((await ingress('POST', '/audience', call)).body, answer.body);
    assert.equal((await endsOf(fired.details.executionId)).length, 1);
    const late = await ingress('DELETE', `/schedules/${scheduleId}`);
    assert.equal(late.status, 409);
    assert.match(String(late.body.type), /MSG-000022-409$/);
  });

  test('F043, F014: a deleted schedule is gone and never fires, and a stop takes those of its campaign with it', async () => {
    const audienceId = await audienceOf([{ email: 'never@shop.example' }]);
    const campaignId = await campaign('Marketing', { audience: { audienceId } });
    const schedule = async (inMs: number) => {
      const executeAt = new Date(Date.now() + inMs).toISOString();
      const { body } = await ingress('POST', '/audience', { campaignId, schedule: { executeAt } });
      return String(body.scheduleId);
    };
    const [first, second] = [await schedule(1_500), await schedule(60_000)];
    const deleted = await ingress('DELETE', `/schedules/${first}`);
    assert.deepEqual([deleted.status, deleted.body], [200, {}]);
    assert.equal((await ingress('DELETE', `/schedules/${first}`)).status, 404);
    assert.equal((await ingress('GET', `/schedules/${first}`)).status, 404);
    assert.equal((await ingress('DELETE', `/schedules/${randomUUID()}`)).status, 404);
    await control('POST', `/campaigns/${campaignId}/stop`);
    await waitFor('the stop to cancel the schedule', async () => {
      return (await ingress('GET', `/schedules/${second}`)).status === 404;
    });
    const { rows } = await ledger.pool.query<{ status: string; chunks: number }>(
      'SELECT status, chunks FROM audience_executions WHERE campaign_id = $1',
      [campaignId],
    );
    assert.deepEqual(rows, [
      { status: 'canceled', chunks: 0 },
      { status: 'canceled', chunks: 0 },
    ]);
  });

  test('F007: a campaign whose audience is missing, unknown or of another sandbox is not activated, and its audience stays', async () => {
    const theirs = await audienceOf([{ email: 'theirs@shop.example' }], foreign);
    const publish = async (change: Json) =>
      control('POST', `/campaigns/${await draftCampaign('Marketing', change)}/publish`);
    for (const [change, code] of [
      [{}, 'campaign.audience_missing'],
      [{ audience: { audienceId: randomUUID() } }, 'campaign.audience_unknown'],
      [{ audience: { audienceId: theirs } }, 'campaign.audience_unknown'],
    ] as const) {
      const refused = await publish(change);
      assert.equal(refused.status, 400);
      const { report } = refused.body as { report: { additionalContext: Json } };
      assert.deepEqual(Object.keys(report.additionalContext), [code]);
    }
    const made = await control('POST', '/audiences', { name: 'nobody yet' });
    const { audienceId } = made.body;
    const live = await publish({ audience: { audienceId } });
    assert.equal(live.status, 200);
    assert.ok(JSON.stringify(live.body.validation).includes('campaign.audience_empty'));
    const needed = await control('DELETE', `/audiences/${audienceId}`);
    assert.match(String(needed.body.type), /AUD-000004-409$/);
    await control('POST', `/campaigns/${live.body.campaignId}/stop`);
    assert.equal((await control('DELETE', `/audiences/${audienceId}`)).status, 200);
    assert.equal((await control('GET', `/audiences/${audienceId}`)).status, 404);
  });

  test('what a call gets wrong is told with its code, and nothing is stored', async () => {
    const audienceId = await audienceOf([{ email: 'w@shop.example' }]);
    const campaignId = await campaign('Marketing', { audience: { audienceId } });
    const ends = new Date(Date.now() + 3_600_000).toISOString();
    const window = { schedule: { endDate: ends, endDateEnabled: true } };
    const ending = await campaign('Marketing', { audience: { audienceId }, ...window });
    const other = await audienceOf([{ email: 'w@shop.example' }], foreign);
    const transactional = await campaign('Transactional');
    const at = (executeAt: unknown) => ({ campaignId, schedule: { executeAt } });
    const cases: [unknown, number, string][] = [
      [{}, 400, 'MSG-000001'],
      [[], 400, 'MSG-000001'],
      [{ campaignId, recipients: [] }, 400, 'MSG-000008'],
      [{ campaignId, requestId: 'a b' }, 400, 'MSG-000009'],
      [{ campaignId, context: { system: {} } }, 400, 'MSG-000007'],
      [{ campaignId, context: { x: 'y'.repeat(200_001) } }, 400, 'MSG-000006'],
      [{ campaignId: randomUUID() }, 404, 'MSG-000010'],
      [{ campaignId: transactional }, 400, 'MSG-000014'],
      [{ campaignId, audience: { id: randomUUID() } }, 400, 'MSG-000009'],
      [{ campaignId, audience: { id: other } }, 400, 'MSG-000009'],
      [at('2020-01-01T00:00:00Z'), 400, 'MSG-000021'],
      [at('infinity'), 400, 'MSG-000021'],
      [at('2031-02-30T00:00:00Z'), 400, 'MSG-000021'],
      [at('2031-05-04T03:00:00'), 400, 'MSG-000021'],
      [at('+300000-01-01T00:00:00Z'), 400, 'MSG-000021'],
      [at(1_900_000_000_000), 400, 'MSG-000021'],
      [{ campaignId: ending, schedule: { executeAt: ends } }, 400, 'MSG-000021'],
    ];
    const stored = async () => (await ledger.pool.query('SELECT FROM audience_executions')).rowCount;
    const before = await stored();
    for (const [body, status, code] of cases) {
      const answer = await ingress('POST', '/audience', body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.match(String(answer.body.type), new RegExp(`${code}-${status}$`), JSON.stringify(body).slice(0, 200));
    }
    assert.equal(await stored(), before);
  });

  test('two tenants with the same ids everywhere: nothing crosses', async () => {
    const answers = [];
    for (const [n, as] of twins.entries()) {
      const consents = n === 0 ? { marketing: { email: { val: 'n' } } } : undefined;
      const audienceId = await audienceOf(
        [{ email: 'twin@shop.example', crmid: 'twin', name: `of ${n}`, ...(consents && { consents }) }],
        as,
      );
      const campaignId = await campaign('Marketing', { audience: { audienceId } }, as);
      const answer = await ingress(
        'POST',
        '/audience',
        { requestId: 'twin', campaignId, context: { offer: `offer ${n}` } },
        as,
      );
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      answers.push({ as, audienceId, campaignId, executionId: String(answer.body.executionId) });
    }
    const [a, b] = answers as [(typeof answers)[0], (typeof answers)[0]];
    assert.notEqual(a.executionId, b.executionId);
    await exported(a.executionId, a.as);
    await exported(b.executionId, b.as);
    const sent = await waitFor('the message of b to be kept', async () => {
      const { rows } = await ledger.pool.query<{ content: Json; tenant_id: number }>(
        `SELECT r.content, m.tenant_id FROM sandbox_records r JOIN messages m USING (message_id)
         WHERE m.tenant_id = ANY ($1) AND r.recipient = 'twin@shop.example'`,
        [[a.as.tenant.tenantId, b.as.tenant.tenantId]],
      );
      return rows.length > 0 ? rows : undefined;
    });
    assert.deepEqual(
      sent.map((row) => [row.tenant_id, row.content.subject]),
      [[b.as.tenant.tenantId, 'Hello of 1, offer 1 from Autumn']],
    );
    for (const [method, path] of [
      ['GET', `/audience/${b.executionId}`],
      ['POST', '/audience'],
    ] as const) {
      const body = method === 'POST' ? { campaignId: b.campaignId } : undefined;
      assert.equal((await ingress(method, path, body, a.as)).status, 404);
    }
    for (const path of [
      `/audiences/${b.audienceId}`,
      `/audiences/${b.audienceId}/count`,
      `/audiences/${b.audienceId}/members`,
    ]) {
      assert.equal((await control('GET', path, undefined, a.as)).status, 404, path);
    }
    const theirs = await control('GET', '/profiles/identities/crmid/twin', undefined, b.as);
    assert.equal((await control('GET', `/profiles/${theirs.body.profileId}`, undefined, a.as)).status, 404);
    assert.equal((await control('DELETE', `/profiles/${theirs.body.profileId}`, undefined, a.as)).status, 404);
    const mine = await control('GET', '/profiles/identities/crmid/twin', undefined, a.as);
    assert.deepEqual(mine.body.attributes, { name: 'of 0' });
  });
});

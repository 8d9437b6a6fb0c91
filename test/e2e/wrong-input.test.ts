import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { createTestCaller, openTestLedger, type TestCaller } from '@outrigger/testkit';
import { type Answer, createDemo, type LiveDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

/** Everything the README promises to refuse: status and code, the documented body, and nothing written. */
describe('F035: wrong input to the trigger API', () => {
  let stack: TestStack;
  let demo: LiveDemo;
  let draft: LiveDemo;
  let stranger: TestCaller;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    demo = await createDemo(stack, 'password');
    draft = await createDemo(stack, 'password', { publish: false });
    stranger = await createTestCaller(ledger.pool, hashSecret);
  });
  after(() => stack.stop());

  async function written(): Promise<number[]> {
    const { rows } = await ledger.pool.query(
      `SELECT (SELECT count(*) FROM request_keys)::int AS k, (SELECT count(*) FROM executions)::int AS e,
              (SELECT count(*) FROM messages)::int AS m, (SELECT count(*) FROM batches)::int AS b`,
    );
    return Object.values(rows[0] as Record<string, number>);
  }

  async function refused(code: string, send: () => Promise<Answer>): Promise<Answer> {
    const before = await written();
    const answer = await send();
    const status = Number(code.split('-')[2]);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(String(answer.body.type), new RegExp(`/${code}$`));
    assert.equal(answer.body.status, status);
    assert.ok(String(answer.body.title).length > 15, 'the title says what is wrong');
    const report = answer.body.report as { additionalContext: Record<string, string> };
    for (const value of Object.values(report.additionalContext)) assert.equal(typeof value, 'string');
    assert.deepEqual(await written(), before);
    return answer;
  }

  const person = (index: number) => ({
    type: 'external',
    userId: `+467012345${String(index).padStart(2, '0')}`,
    namespace: 'phone',
    context: { code: '1' },
  });
  const body = (overrides: object = {}) => ({
    requestId: randomUUID(),
    campaignId: demo.campaignId,
    recipients: [person(0)],
    ...overrides,
  });

  const cases: [string, string, () => unknown][] = [
    [
      'F026: twenty-one recipients',
      'MSG-000002-400',
      () => body({ recipients: Array.from({ length: 21 }, (_, i) => person(i)) }),
    ],
    ['no recipients', 'MSG-000002-400', () => body({ recipients: [] })],
    ['recipients that are missing', 'MSG-000001-400', () => body({ recipients: undefined })],
    ['F027: two equal userIds', 'MSG-000003-400', () => body({ recipients: [person(1), person(1)] })],
    ['malformed JSON', 'MSG-000001-400', () => '{"requestId": "r", '],
    [
      'F033: 201 kB of context',
      'MSG-000006-400',
      () => body({ recipients: [{ ...person(0), context: { code: 'x'.repeat(201_000) } }] }),
    ],
    ['F033: context.system', 'MSG-000007-400', () => body({ recipients: [{ ...person(0), context: { system: {} } }] })],
    ['an unknown campaign', 'MSG-000010-404', () => body({ campaignId: randomUUID() })],
    ['a campaign id that is none', 'MSG-000010-404', () => body({ campaignId: "'; drop table campaigns; --" })],
    ['F034: a draft campaign', 'MSG-000011-400', () => body({ campaignId: draft.campaignId })],
    ['another namespace', 'MSG-000005-400', () => body({ recipients: [{ ...person(0), namespace: 'email' }] })],
    ['an unknown member', 'MSG-000008-400', () => body({ priority: 'high' })],
    [
      'a recipient type that does not exist',
      'MSG-000004-400',
      () => body({ recipients: [{ ...person(0), type: 'AEP' }] }),
    ],
    [
      'F008: an unknown profile of a campaign that creates none',
      'MSG-000020-400',
      () => body({ recipients: [{ ...person(0), type: 'aep' }] }),
    ],
    [
      'F044: an unknown merge policy',
      'MSG-000024-400',
      () => body({ recipients: [{ ...person(0), type: 'aep', mergePolicyName: 'Default Timebased 2' }] }),
    ],
    [
      'F044: the policy of another schema',
      'MSG-000024-400',
      () => body({ recipients: [{ ...person(0), type: 'aep', mergePolicySchema: '_xdm.context.account' }] }),
    ],
    // The policy is taken, and so what is wrong is that nobody has this profile.
    [
      'F044: the default policy, for an unknown profile,',
      'MSG-000020-400',
      () =>
        body({
          recipients: [
            { ...person(0), type: 'aep', mergePolicyName: 'Default', mergePolicySchema: '_xdm.context.profile' },
          ],
        }),
    ],
    ['no requestId', 'MSG-000001-400', () => body({ requestId: undefined })],
    [
      'an address with a line break',
      'MSG-000009-400',
      () =>
        body({ recipients: [{ ...person(0), channelData: { emailAddress: 'b@example.com\r\nBcc: evil@evil.com' } }] }),
    ],
  ];
  for (const [name, code, make] of cases) {
    test(`${name} is ${code}`, async () => {
      const sent = make();
      const { body: refusal } = await refused(code, () => stack.trigger(sent));
      const { additionalContext } = refusal.report as { additionalContext: Record<string, string> };
      const given = sent as Record<string, unknown>;
      for (const member of ['requestId', 'campaignId']) {
        if (typeof given[member] === 'string') assert.equal(additionalContext[member], given[member]);
      }
    });
  }

  test('F025: a missing header is refused and named', async () => {
    for (const [header, code] of [
      ['authorization', 'MSG-000401-401'],
      ['x-api-key', 'MSG-000401-401'],
      ['x-gw-ims-org-id', 'MSG-000001-400'],
      ['x-sandbox-name', 'MSG-000001-400'],
    ] as const) {
      const { [header]: _left, ...headers } = stack.caller.headers;
      const answer = await refused(code, () => stack.trigger(body(), { ...stack.caller, headers }));
      assert.match(String(answer.body.title).toLowerCase(), new RegExp(header));
    }
  });

  test('F025: a wrong secret is refused', async () => {
    const headers = { ...stack.caller.headers, authorization: 'Bearer wrong' };
    await refused('MSG-000401-401', () => stack.trigger(body(), { ...stack.caller, headers }));
  });

  test("F025: another tenant's campaign does not exist, and its sandbox cannot be entered", async () => {
    await refused('MSG-000010-404', () => stack.trigger(body(), stranger));
    const headers = { ...stranger.headers, 'x-gw-ims-org-id': stack.caller.tenant.orgId };
    await refused('MSG-000403-403', () => stack.trigger(body(), { ...stranger, headers }));
  });

  test("another tenant's execution does not exist", async () => {
    const mine = await stack.trigger(body());
    assert.equal(mine.status, 202);
    const theirs = await stack.call(
      'ingress',
      'GET',
      `/ajo/im/executions/${mine.body.executionId}`,
      undefined,
      stranger,
    );
    assert.equal(theirs.status, 404);
  });
});

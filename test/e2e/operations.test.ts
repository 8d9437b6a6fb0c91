import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { createTestCaller, openTestLedger, QUEUE_STORES, type TestCaller, waitFor } from '@outrigger/testkit';
import { createDemo, type LiveDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

type Letter = { messageId: string; code: string; state: string };
type Event = { state: string; detail?: string; possibleDuplicate?: boolean };
type Message = { messageId: string; state: string; code?: string; events: Event[] };

for (const { kind, skip } of QUEUE_STORES) {
  describe(`operations, queues on ${kind}`, { skip }, () => {
    let stack: TestStack;
    let operator: TestCaller;
    let reader: TestCaller;
    let both: TestCaller;
    let stranger: TestCaller;
    before(async () => {
      stack = await startStack(ledger, kind);
      const { orgId, sandboxName } = stack.caller.tenant;
      operator = await createTestCaller(ledger.pool, hashSecret, { orgId, sandboxName, scopes: ['operate'] });
      reader = await createTestCaller(ledger.pool, hashSecret, { orgId, sandboxName, scopes: ['read'] });
      both = await createTestCaller(ledger.pool, hashSecret, { orgId, sandboxName, scopes: ['manage', 'operate'] });
      stranger = await createTestCaller(ledger.pool, hashSecret);
    });
    after(() => stack.stop());

    const control = (method: string, path: string, body?: unknown, as?: TestCaller) =>
      stack.call('control', method, path, body, as);

    async function messagesOf(executionId: unknown): Promise<Message[]> {
      const account = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      assert.equal(account.status, 200, JSON.stringify(account.body));
      return account.body.messages as Message[];
    }

    async function send(demo: LiveDemo, recipients: object[]): Promise<string> {
      const answer = await stack.trigger({ requestId: randomUUID(), campaignId: demo.campaignId, recipients });
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      return String(answer.body.executionId);
    }

    async function lettersOf(demo: LiveDemo, query = ''): Promise<Letter[]> {
      const { body } = await control('GET', `/dead-letters?campaignId=${demo.campaignId}${query}`);
      return body.data as Letter[];
    }

    const died = (demo: LiveDemo, many = 1) =>
      waitFor(`${many} dead letters`, async () => {
        const letters = await lettersOf(demo);
        return letters.length === many && letters;
      });

    async function handedOver(messageIds: string[]): Promise<{ messageId: string; at: number }[]> {
      const { rows } = await stack.pool.query<{ message_id: string; created_at: Date }>(
        'SELECT message_id, created_at FROM sandbox_records WHERE message_id = ANY ($1) ORDER BY created_at',
        [messageIds],
      );
      return rows.map((row) => ({ messageId: row.message_id, at: row.created_at.getTime() }));
    }

    const ended = (executionId: string, state: string) =>
      waitFor(`${executionId} to be ${state}`, async () => {
        const messages = await messagesOf(executionId);
        return messages.every((message) => message.state === state) && messages;
      });

    const refused = (demo: LiveDemo) => ({ ...demo.recipient, userId: 'refuse@shop.example' });
    const right = { channelData: { emailAddress: 'right@shop.example' } };
    // Numbers that end with 0001 to 0007 play failures.
    const phones = (count: number, from = 0) =>
      Array.from({ length: count }, (_, index) => ({
        type: 'external',
        userId: `+46701${String(from + index).padStart(6, '0')}`,
        namespace: 'phone',
        context: { code: '1' },
      }));

    test('what failed is listed, shown with its history, corrected, redriven, sent, and gone from the list', async () => {
      const demo = await createDemo(stack, 'order');
      const executionId = await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      assert.deepEqual([letter!.state, letter!.code], ['failed', 'permanent.recipient']);
      assert.equal((await lettersOf(demo, '&code=permanent.recipient&provider=sandbox')).length, 1);
      assert.equal((await lettersOf(demo, '&code=permanent.content')).length, 0);

      const path = `/dead-letters/${letter!.messageId}`;
      const { body: shown } = await control('GET', path);
      assert.equal(shown.executionId, executionId);
      assert.equal((shown.recipient as { userId: string }).userId, 'refuse@shop.example');
      assert.deepEqual(
        (shown.events as Event[]).map((event) => event.state),
        ['queued', 'failed'],
      );
      assert.match(String((shown.lastAnswer as Event).detail), /sandbox_refuse/);
      assert.match(String(shown.reason), /refuses this recipient/);

      const redriven = await control('POST', `${path}/redrive`, right);
      assert.deepEqual([redriven.status, redriven.body.redriven], [200, 1], JSON.stringify(redriven.body));
      const [message] = await ended(executionId, 'sent');
      assert.deepEqual(
        message!.events.map((event) => event.state),
        ['queued', 'failed', 'queued', 'sent'],
      );
      assert.equal(message!.events[2]!.detail, `redriven by ${stack.caller.keyId}`);
      assert.deepEqual(await lettersOf(demo), []);
      const [record] = (await control('GET', `/sandbox/messages?messageId=${letter!.messageId}`)).body.data as {
        recipient: string;
      }[];
      assert.equal(record!.recipient, 'right@shop.example');
      const { body: audit } = await control('GET', '/audit?count=1');
      const [entry] = audit.data as { action: string; actor: string; target: string }[];
      assert.deepEqual(
        [entry!.action, entry!.actor, entry!.target],
        ['dead_letters.redrive', stack.caller.keyId, `message:${letter!.messageId}`],
      );
      assert.equal((await control('GET', path)).status, 409);
    });

    test('of several redrives at once one sends, and the others are told who was faster', async () => {
      const demo = await createDemo(stack, 'order');
      const executionId = await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => control('POST', `/dead-letters/${letter!.messageId}/redrive`, right)),
      );
      assert.deepEqual(answers.map((answer) => answer.status).toSorted(), [200, 409, 409, 409, 409]);
      const late = answers.find((answer) => answer.status === 409)!;
      assert.match(String(late.body.type), /OPS-000002-409$/);
      await ended(executionId, 'sent');
      const { body } = await control('GET', '/backlog');
      assert.deepEqual(
        (body.data as { due: number; later: number; sending: number }[]).filter(
          (lane) => lane.due + lane.later + lane.sending > 0,
        ),
        [],
      );
      assert.equal((await handedOver([letter!.messageId])).length, 1);
    });

    test('a mass redrive keeps to its rate', async (t) => {
      const demo = await createDemo(stack, 'order');
      const people = Array.from({ length: 9 }, (_, index) => `person${index}-${kind}@shop.example`);
      const profile = (address: string, userId: string) =>
        control('PUT', '/profiles', {
          identities: [{ namespace: 'email', value: userId }],
          attributes: { personalEmail: { address } },
        });
      for (const person of people) await profile('refuse@shop.example', person);
      const executionId = await send(
        demo,
        people.map((userId) => ({ ...demo.recipient, userId })),
      );
      await died(demo, 9);
      for (const person of people) await profile(person, person);
      const askedAt = Date.now();
      const answer = await control('POST', '/dead-letters/redrive', {
        filter: { campaignId: demo.campaignId },
        ratePerSecond: 3,
      });
      assert.deepEqual(answer.body, { redriven: 9, remaining: 0 });
      const messages = await ended(executionId, 'sent');
      const at = (await handedOver(messages.map((message) => message.messageId))).map((record) => record.at);
      assert.equal(at.length, 9);
      t.diagnostic(`seconds after the call: ${at.map((one) => ((one - askedAt) / 1_000).toFixed(1)).join(' ')}`);
      // Three a second: the queue may be late, and never early.
      assert.ok(at[3]! - askedAt >= 1_000 && at[6]! - askedAt >= 2_000, 'too fast');
      assert.ok(at[8]! - askedAt < 10_000, 'too slow');
    });

    test('a paused campaign hands nothing over, and sends everything once it is released', async (t) => {
      const demo = await createDemo(stack, 'password');
      // One batch at a time, so that there is a queue to pause: a batch that a worker has already goes out.
      await stack.services.get('sms-worker')!.stop();
      await stack.start('sms-worker', { LANE_CONCURRENCY: '1' });
      const kept = async () => (await stack.pool.query('SELECT count(*)::int AS n FROM sandbox_records')).rows[0].n;
      const first = (await kept()) + 1;
      const early = Promise.all(Array.from({ length: 20 }, (_, call) => send(demo, phones(20, 2_000 + call * 20))));
      await waitFor('the first to be handed over', async () => (await kept()) >= first);
      const target = { scope: 'campaign', target: demo.campaignId };
      const paused = await control('POST', '/brakes', { ...target, action: 'pause' });
      const pausedAt = Date.now();
      assert.equal(paused.status, 201);
      const late = await Promise.all(
        Array.from({ length: 10 }, (_, call) => send(demo, phones(20, 3_000 + call * 20))),
      );
      const executions = [...(await early), ...late];
      const ids = (await Promise.all(executions.map(messagesOf))).flat().map((message) => message.messageId);
      const lateIds = (await Promise.all(late.map(messagesOf))).flat().map((message) => message.messageId);
      assert.equal(ids.length, 600);
      await waitFor('everything that was not sent to be held', async () => {
        const { body } = await control('GET', '/backlog');
        const [sms] = (body.data as { lane: string; paused: number; due: number; sending: number }[]).filter(
          (lane) => lane.lane === 'sms',
        );
        return sms !== undefined && sms.due === 0 && sms.sending === 0 && sms.paused >= lateIds.length;
      });
      const before = await handedOver(ids);
      const lastMs = (before.at(-1)?.at ?? pausedAt) - pausedAt;
      t.diagnostic(
        `handed over before the pause took hold: ${before.length}; the last one ${lastMs} ms after the answer`,
      );
      assert.ok(before.length > 0 && before.length < 400);
      assert.ok(lastMs < 2_000, `handed over ${lastMs} ms after the answer`);
      assert.deepEqual(await handedOver(lateIds), []);
      const { body: brakes } = await control('GET', '/brakes');
      const [brake] = (brakes.data as { brakeId: string; heldMessages: number }[]).filter(
        (one) => one.brakeId === paused.body.brakeId,
      );
      assert.equal(brake!.heldMessages, 600 - before.length);

      assert.equal((await control('DELETE', `/brakes/${brake!.brakeId}`)).status, 200);
      const releasedAt = Date.now();
      const all = await waitFor('everything to be handed over', async () => {
        const records = await handedOver(ids);
        return records.length >= ids.length && records;
      });
      for (const executionId of executions) await ended(executionId, 'sent');
      t.diagnostic(`all sent ${all.at(-1)!.at - releasedAt} ms after the release`);
      assert.equal(all.length, 600);
      assert.equal(new Set(all.map((record) => record.messageId)).size, 600);
    });

    test('a throttle slows a campaign down, and a pause in its place ends it', async (t) => {
      const demo = await createDemo(stack, 'password');
      const target = { scope: 'campaign', target: demo.campaignId };
      const throttle = await control('POST', '/brakes', { ...target, action: 'throttle', ratePerSecond: 20 });
      assert.equal(throttle.status, 201);
      const executions: string[] = [];
      for (let call = 0; call < 5; call++) executions.push(await send(demo, phones(20, 6_000 + call * 20)));
      const ids = (await Promise.all(executions.map(messagesOf))).flat().map((message) => message.messageId);
      const some = await waitFor('40 to be handed over', async () => {
        const records = await handedOver(ids);
        return records.length >= 40 && records;
      });
      const tookMs = some[39]!.at - some[0]!.at;
      t.diagnostic(`40 messages at 20 a second took ${tookMs} ms`);
      assert.ok(tookMs >= 1_500, 'too fast');
      const paused = await control('POST', '/brakes', { ...target, action: 'pause' });
      const pausedAt = Date.now();
      const late = await send(demo, phones(20, 7_000));
      await ended(late, 'deferred');
      const before = await waitFor('what a worker had to go out, and the rest to be held', async () => {
        const { body } = await control('GET', '/brakes');
        const brake = (body.data as { brakeId: string; heldMessages: number }[]).find(
          (one) => one.brakeId === paused.body.brakeId,
        );
        const records = await handedOver(ids);
        return brake!.heldMessages + records.length === 120 && records;
      });
      t.diagnostic(`the last one was handed over ${before.at(-1)!.at - pausedAt} ms after the answer to the pause`);
      await control('DELETE', `/brakes/${paused.body.brakeId}`);
      for (const executionId of [...executions, late]) await ended(executionId, 'sent');
      assert.equal((await handedOver(ids)).length, 100);
    });

    test('cancel ends what a pause held and what still comes, and nothing of it is redriven meanwhile', async () => {
      const demo = await createDemo(stack, 'order');
      await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      const target = { scope: 'campaign', target: demo.campaignId };
      assert.equal((await control('POST', '/brakes', { ...target, action: 'pause' })).status, 201);
      const held = await send(demo, [demo.recipient]);
      const [waiting] = await ended(held, 'deferred');
      assert.equal(waiting!.code, 'policy.paused');
      const cancel = await control('POST', '/brakes', { ...target, action: 'cancel' });
      const [canceled] = await ended(held, 'canceled');
      assert.equal(canceled!.code, 'canceled.by_operator');
      await ended(await send(demo, [demo.recipient]), 'canceled');
      const redrive = await control('POST', `/dead-letters/${letter!.messageId}/redrive`, right);
      assert.match(String(redrive.body.type), /OPS-000004-409$/);
      const many = await control('POST', '/dead-letters/redrive', { filter: { campaignId: demo.campaignId } });
      assert.deepEqual(many.body, { redriven: 0, remaining: 1 });
      assert.equal((await control('DELETE', `/brakes/${cancel.body.brakeId}`)).status, 200);
      await ended(await send(demo, [demo.recipient]), 'sent');
      const expired = await control('POST', '/dead-letters/expire', { messageIds: [letter!.messageId] });
      assert.deepEqual(expired.body, { expired: 1 });
      assert.deepEqual(await lettersOf(demo), []);
      await control('POST', `/campaigns/${demo.campaignId}/stop`);
    });

    test('a dead letter of a stopped campaign stays where it is', async () => {
      const demo = await createDemo(stack, 'order');
      await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      assert.equal((await control('POST', `/campaigns/${demo.campaignId}/stop`)).status, 200);
      const redrive = await control('POST', `/dead-letters/${letter!.messageId}/redrive`, {});
      assert.match(String(redrive.body.title), /campaign is stopped/);
      const many = await control('POST', '/dead-letters/redrive', { filter: { campaignId: demo.campaignId } });
      assert.deepEqual(many.body, { redriven: 0, remaining: 1 });
    });

    test('a message that may have been delivered is sent again only on purpose, and marked', async () => {
      const demo = await createDemo(stack, 'order', {
        change: (one) => Object.assign(one, { delivery: { onUnknown: 'hold' } }),
      });
      const executionId = await send(demo, [{ ...demo.recipient, userId: 'lost@shop.example' }]);
      const [letter] = await died(demo);
      assert.deepEqual([letter!.state, letter!.code], ['unknown', 'ambiguous.connection_lost']);
      const path = `/dead-letters/${letter!.messageId}/redrive`;
      const careless = await control('POST', path, right);
      assert.equal(careless.status, 409);
      assert.match(String(careless.body.title), /may have been delivered.*includeUnknown/);
      const many = await control('POST', '/dead-letters/redrive', { filter: { campaignId: demo.campaignId } });
      assert.deepEqual(many.body, { redriven: 0, remaining: 1 });
      const meant = await control('POST', path, { ...right, includeUnknown: true });
      assert.equal(meant.body.possibleDuplicate, true);
      const [message] = await ended(executionId, 'sent');
      assert.equal(message!.events.at(-1)!.possibleDuplicate, true);
    });

    test('another tenant sees nothing and changes nothing', async () => {
      const demo = await createDemo(stack, 'order');
      await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      const target = { scope: 'campaign', target: demo.campaignId, action: 'pause' };
      const brake = await control('POST', '/brakes', target);
      const asStranger = async (method: string, path: string, body?: unknown) => {
        const answer = await control(method, path, body, stranger);
        return [answer.status, answer.body.data ?? answer.body.expired ?? answer.body.redriven];
      };
      assert.deepEqual(await asStranger('GET', '/dead-letters'), [200, []]);
      assert.deepEqual(await asStranger('GET', `/dead-letters/${letter!.messageId}`), [404, undefined]);
      assert.deepEqual(await asStranger('POST', `/dead-letters/${letter!.messageId}/redrive`, right), [404, undefined]);
      assert.deepEqual(await asStranger('POST', '/dead-letters/redrive', { filter: {}, all: true }), [200, 0]);
      assert.deepEqual(await asStranger('POST', '/dead-letters/expire', { messageIds: [letter!.messageId] }), [200, 0]);
      assert.deepEqual(await asStranger('POST', '/brakes', target), [404, undefined]);
      assert.deepEqual(await asStranger('GET', '/brakes'), [200, []]);
      assert.deepEqual(await asStranger('DELETE', `/brakes/${brake.body.brakeId}`), [404, undefined]);
      assert.deepEqual(await asStranger('GET', '/backlog'), [200, []]);
      assert.equal((await control('GET', '/account', undefined, stranger)).body.accepted, 0);
      assert.equal((await lettersOf(demo)).length, 1);
      assert.equal((await control('DELETE', `/brakes/${brake.body.brakeId}`)).status, 200);
    });

    test('a key does what its scopes say: reading shows no personal data, lanes and providers need operate', async () => {
      const demo = await createDemo(stack, 'order');
      await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      const shown = await control('GET', `/dead-letters/${letter!.messageId}`, undefined, reader);
      assert.equal(shown.status, 200);
      assert.doesNotMatch(JSON.stringify(shown.body), /refuse@shop\.example/);
      for (const [method, path] of [
        ['POST', `/dead-letters/${letter!.messageId}/redrive`],
        ['POST', '/dead-letters/redrive'],
        ['POST', '/dead-letters/expire'],
        ['POST', '/brakes'],
        ['DELETE', `/brakes/${randomUUID()}`],
      ] as const) {
        assert.equal((await control(method, path, method === 'POST' ? {} : undefined, reader)).status, 403, path);
      }
      const lane = { scope: 'lane', target: 'push-bulk', action: 'pause' };
      assert.equal((await control('POST', '/operations/brakes', lane)).status, 403);
      const unknownLane = { ...lane, target: 'fax' };
      assert.equal((await control('POST', '/operations/brakes', unknownLane, operator)).status, 400);
      const braked = await control('POST', '/operations/brakes', lane, operator);
      assert.equal(braked.status, 201, JSON.stringify(braked.body));
      const { body } = await control('GET', '/brakes', undefined, reader);
      const [seen] = body.everybody as Record<string, unknown>[];
      assert.deepEqual([seen!.target, seen!.createdBy, seen!.heldMessages], ['push-bulk', undefined, undefined]);
      assert.equal((await control('DELETE', `/brakes/${braked.body.brakeId}`)).status, 404, 'no brake of the tenant');
      const release = await control('DELETE', `/operations/brakes/${braked.body.brakeId}`, undefined, operator);
      assert.equal(release.status, 200);
      const { body: audit } = await control('GET', '/operations/audit?count=2', undefined, operator);
      assert.deepEqual(
        (audit.data as { action: string; target: string }[]).map((entry) => [entry.action, entry.target]),
        [
          ['brake.release', 'lane:push-bulk'],
          ['brake.pause', 'lane:push-bulk'],
        ],
      );
    });

    /** Runs the command line as an operator would, with a key of the stack's tenant unless told otherwise. */
    async function outrigger(args: string[], as = stack.caller): Promise<{ code: number; out: string; err: string }> {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../packages/cli/src/main.ts'), ...args], {
        env: {
          OUTRIGGER_URL: stack.services.get('control')!.url,
          OUTRIGGER_INGRESS_URL: stack.services.get('ingress')!.url,
          OUTRIGGER_KEY: as.keyId,
          OUTRIGGER_SECRET: as.secret,
          OUTRIGGER_ORG: as.tenant.orgId,
          OUTRIGGER_SANDBOX: as.tenant.sandboxName,
        },
      });
      const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { code, out, err };
    }

    test('the command line lists, shows and redrives', async () => {
      const demo = await createDemo(stack, 'order');
      const executionId = await send(demo, [refused(demo), { ...demo.recipient, userId: 'refuse+2@shop.example' }]);
      const [letter] = await died(demo, 2);
      const list = await outrigger(['dlq', 'list', '--campaign', demo.campaignId, '--code', 'permanent.recipient']);
      assert.equal(list.code, 0, list.err);
      assert.match(list.out, /^MESSAGE +DIED AT/);
      assert.ok(list.out.includes(letter!.messageId) && list.out.includes('2 of 2.'), list.out);
      const page = ['dlq', 'list', '--campaign', demo.campaignId, '--count', '1', '--json'];
      const first = JSON.parse((await outrigger(page)).out) as { data: Letter[]; _page: { next: string } };
      const second = JSON.parse((await outrigger([...page, '--cursor', first._page.next])).out) as typeof first;
      assert.equal(new Set([...first.data, ...second.data].map((one) => one.messageId)).size, 2);
      assert.equal(second._page.next, null);
      const shown = await outrigger(['dlq', 'show', letter!.messageId]);
      assert.match(
        shown.out,
        /refuses this recipient[\s\S]*may be: redrive; expire[\s\S]*sandbox_refuse[\s\S]*recipient: \{/,
      );
      const typo = await outrigger(['dlq', 'redrive', letter!.messageId, '--email', 'no address']);
      assert.deepEqual([typo.code, typo.out], [1, '']);
      assert.match(typo.err, /channelData\.emailAddress .*MSG-000009-400/);
      const redriven = await outrigger(['dlq', 'redrive', letter!.messageId, '--email', 'right@shop.example']);
      assert.equal(redriven.code, 0, redriven.err);
      const again = await outrigger(['dlq', 'redrive', letter!.messageId]);
      assert.deepEqual([again.code, /OPS-000002-409/.test(again.err)], [1, true]);
      await waitFor('it to be sent', async () => (await handedOver([letter!.messageId])).length === 1);
      const execution = await waitFor('its account', async () => {
        const account = await outrigger(['execution', executionId]);
        return /state: sent/.test(account.out) && account;
      });
      assert.match(execution.out, new RegExp(`redriven by ${stack.caller.keyId}`));
      const many = ['dlq', 'redrive', '--campaign', demo.campaignId];
      const unconfirmed = await outrigger(many);
      assert.deepEqual([unconfirmed.code, /1 dead letters match.*--yes/.test(unconfirmed.err)], [64, true]);
      const confirmed = await outrigger([...many, '--rate', '5', '--yes', '--json']);
      assert.deepEqual(JSON.parse(confirmed.out), { redriven: 1, remaining: 0 });
    });

    test('the command line pauses and releases, and says what it needs for more', async () => {
      const demo = await createDemo(stack, 'password');
      const pause = await outrigger(['brake', 'pause', 'campaign', demo.campaignId, '--json']);
      const { brakeId } = JSON.parse(pause.out) as { brakeId: string };
      const executionId = await send(demo, phones(1, 5_000));
      await ended(executionId, 'deferred');
      assert.match((await outrigger(['brake', 'list'])).out, new RegExp(`${brakeId} +pause +campaign +\\S+ +- +1 `));
      assert.match((await outrigger(['backlog'])).out, /^LANE[\s\S]*\nsms /);
      const release = await outrigger(['brake', 'release', brakeId]);
      assert.deepEqual([release.code, release.out], [0, 'Released. The message that it held goes on.\n']);
      await ended(executionId, 'sent');
      assert.equal((await outrigger(['brake', 'release', brakeId])).code, 1);
      const lane = ['brake', 'pause', 'lane', 'sms-bulk'];
      assert.equal((await outrigger(lane)).code, 64, 'not confirmed');
      assert.match((await outrigger([...lane, '--yes'])).err, /lacks the scope operate/);
      const braked = await outrigger([...lane, '--yes', '--json'], operator);
      assert.equal(braked.code, 0, braked.err);
      assert.equal((await outrigger(['brake', 'release', JSON.parse(braked.out).brakeId], both)).code, 0);
      assert.match((await outrigger(['account', '--from', '2h'])).out, /\nlost: 0\n$/);
    });

    test('what is not understood is refused with its code, and changes nothing', async () => {
      const demo = await createDemo(stack, 'order');
      await send(demo, [refused(demo)]);
      const [letter] = await died(demo);
      const one = `/dead-letters/${letter!.messageId}/redrive`;
      const campaign = { scope: 'campaign', target: demo.campaignId };
      const cases: [string, string, string, unknown?][] = [
        ['MSG-000008', 'GET', '/dead-letters?campaign=x'],
        ['MSG-000009', 'GET', '/dead-letters?campaignId=x'],
        ['MSG-000009', 'GET', '/dead-letters?count=201'],
        ['MSG-000009', 'GET', '/dead-letters?code=a&code=b'],
        ['MSG-000009', 'GET', '/dead-letters?code=%00'],
        ['MSG-000009', 'GET', '/dead-letters?from=yesterday'],
        ['MSG-000009', 'GET', '/dead-letters?cursor=abc'],
        ['OPS-000001', 'GET', '/dead-letters/nonsense'],
        ['OPS-000001', 'POST', `/dead-letters/${randomUUID()}/redrive`, {}],
        ['MSG-000008', 'POST', one, { userId: 'other@shop.example' }],
        ['MSG-000008', 'POST', one, { channelData: { email: 'x@shop.example' } }],
        ['MSG-000009', 'POST', one, { channelData: { emailAddress: 'nobody' } }],
        ['MSG-000009', 'POST', one, { context: [] }],
        ['MSG-000007', 'POST', one, { context: { system: {} } }],
        ['MSG-000006', 'POST', one, { context: { long: 'x'.repeat(210_000) } }],
        ['MSG-000009', 'POST', '/dead-letters/redrive', {}],
        ['OPS-000006', 'POST', '/dead-letters/redrive', { filter: {} }],
        ['MSG-000009', 'POST', '/dead-letters/redrive', { filter: { code: 'x' }, all: true }],
        ['MSG-000009', 'POST', '/dead-letters/redrive', { filter: { code: 'x' }, ratePerSecond: 0 }],
        ['MSG-000009', 'POST', '/dead-letters/redrive', { filter: { code: 'x' }, limit: 10_001 }],
        ['OPS-000006', 'POST', '/dead-letters/expire', { filter: {} }],
        ['MSG-000009', 'POST', '/dead-letters/expire', {}],
        ['MSG-000010', 'POST', '/brakes', { scope: 'campaign', target: randomUUID(), action: 'pause' }],
        ['MSG-000009', 'POST', '/brakes', { scope: 'tenant', target: 'x', action: 'pause' }],
        ['MSG-000009', 'POST', '/brakes', { scope: 'lane', target: 'sms', action: 'pause' }],
        ['MSG-000009', 'POST', '/brakes', { ...campaign, action: 'throttle' }],
        ['MSG-000009', 'POST', '/brakes', { ...campaign, action: 'pause', ratePerSecond: 1 }],
        ['MSG-000008', 'POST', '/brakes', { ...campaign, action: 'pause', why: 'x' }],
        ['OPS-000007', 'DELETE', `/brakes/${randomUUID()}`],
        ['OPS-000007', 'DELETE', '/brakes/x'],
        ['MSG-000009', 'GET', '/account?from=2031-01-01T00:00:00Z&to=2031-03-01T00:00:00Z'],
        ['MSG-000009', 'GET', '/account?from=2031-01-02T00:00:00Z&to=2031-01-01T00:00:00Z'],
        ['MSG-000008', 'GET', '/backlog?lane=sms'],
        ['MSG-000009', 'GET', '/audit?count=0'],
      ];
      for (const [code, method, path, body] of cases) {
        const answer = await control(method, path, body);
        assert.match(
          String(answer.body.type),
          new RegExp(`/${code}-${answer.status}$`),
          `${method} ${path} ${JSON.stringify(body)}`,
        );
      }
      assert.equal((await lettersOf(demo)).length, 1);
    });

    test('the account adds up', async () => {
      const account = async () => (await control('GET', '/account')).body as Record<string, number>;
      const before = await account();
      const demo = await createDemo(stack, 'order');
      await send(demo, [refused(demo), demo.recipient, { ...demo.recipient, userId: 'busy@shop.example' }]);
      const after = await waitFor('two of three to end', async () => {
        const now = await account();
        return now.ended === before.ended! + 2 && now;
      });
      assert.equal(after.accepted, before.accepted! + 3);
      assert.deepEqual([after.lost, after.ended! + after.waiting!], [0, after.accepted]);
    });
  });
}

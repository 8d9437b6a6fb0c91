import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, QUEUE_STORES, waitFor } from '@outrigger/testkit';
import { createDemo, type LiveDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

type Message = { messageId: string; state: string; code?: string; events: { state: string; provider?: string }[] };
type Kept = { channel: string; recipient: string; messageId: string; content: Record<string, unknown> };

for (const { kind, skip } of QUEUE_STORES) {
  describe(`one call in, one message out, queues on ${kind}`, { skip }, () => {
    let stack: TestStack;
    before(async () => {
      stack = await startStack(ledger, kind);
    });
    after(() => stack.stop());

    async function messagesOf(executionId: unknown): Promise<Message[]> {
      const account = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      assert.equal(account.status, 200);
      return account.body.messages as Message[];
    }

    async function ended(executionId: unknown, state = 'sent'): Promise<Message[]> {
      return waitFor(`${executionId} to be ${state}`, async () => {
        const messages = await messagesOf(executionId);
        return messages.every((message) => message.state === state) ? messages : undefined;
      });
    }

    async function keptFor(messageId: string): Promise<Kept[]> {
      const { body } = await stack.call('control', 'GET', `/sandbox/messages?messageId=${messageId}`);
      return body.data as Kept[];
    }

    async function triggerDemo(demo: LiveDemo, overrides: Record<string, unknown> = {}) {
      const call = { requestId: randomUUID(), campaignId: demo.campaignId, recipients: [demo.recipient], ...overrides };
      return { call, answer: await stack.trigger(call) };
    }

    test('F024, F032: an order confirmation is rendered from MJML with the items of the call, and arrives within a second', async () => {
      const demo = await createDemo(stack, 'order');
      const { call, answer } = await triggerDemo(demo);
      assert.equal(answer.status, 202);
      assert.match(String(answer.body.executionId), /^UMA-[0-9a-f-]{36}$/);
      assert.equal(answer.body.requestId, call.requestId);
      const [message] = await ended(answer.body.executionId);
      const [kept] = await keptFor(message!.messageId);
      assert.equal(kept!.recipient, 'astrid@shop.example');
      assert.equal(kept!.content.subject, 'Your order NL-48213 is confirmed');
      const html = String(kept!.content.html);
      assert.match(html, /Wool throw &amp; cushion/);
      assert.match(html, /Thank you, Astrid!/);
      assert.doesNotMatch(html, /\{\{|\{%|<mj-/);
      assert.match(String(kept!.content.text), /Wool throw & cushion/);
      assert.match(String(kept!.content.raw), /^Subject: Your order NL-48213 is confirmed\r$/m);
    });

    test('F029, F061: a one-time password goes out as SMS and a shipping update as push', async () => {
      const password = await triggerDemo(await createDemo(stack, 'password'));
      const shipping = await triggerDemo(await createDemo(stack, 'shipping'));
      const [sms] = await ended(password.answer.body.executionId);
      const [keptSms] = await keptFor(sms!.messageId);
      assert.equal(keptSms!.recipient, '+46701234567');
      assert.match(String(keptSms!.content.text), /^481 920 is your Nordlys code/);
      const [push] = await ended(shipping.answer.body.executionId);
      const [keptPush] = await keptFor(push!.messageId);
      assert.match(JSON.stringify(keptPush!.content), /Hello Astrid, PostNord brings NL-48213 on Tuesday\./);
    });

    test('F036: the same call again answers the same execution and sends nothing; another body is a conflict', async () => {
      const demo = await createDemo(stack, 'password');
      const { call, answer } = await triggerDemo(demo);
      const [message] = await ended(answer.body.executionId);
      const again = await stack.trigger(call);
      assert.equal(again.status, 202);
      assert.deepEqual(again.body, answer.body);
      assert.equal(again.headers.get('idempotent-replayed'), 'true');
      const turned = Object.fromEntries(Object.entries(call.recipients[0]!).reverse());
      const inOtherOrder = await stack.trigger({
        recipients: [turned],
        campaignId: call.campaignId,
        requestId: call.requestId,
      });
      assert.deepEqual([inOtherOrder.status, inOtherOrder.body], [202, answer.body]);
      const other = await stack.trigger({ ...call, recipients: [{ ...demo.recipient, context: { code: '000 000' } }] });
      assert.equal(other.status, 409);
      assert.match(String(other.body.type), /MSG-000030-409$/);
      assert.equal((await keptFor(message!.messageId)).length, 1);
      const { rows } = await stack.pool.query('SELECT count(*)::int AS n FROM executions WHERE request_id = $1', [
        call.requestId,
      ]);
      assert.equal(rows[0].n, 1);
    });

    test('F026: twenty recipients become twenty messages, each with its own content', async () => {
      const demo = await createDemo(stack, 'password');
      const recipients = Array.from({ length: 20 }, (_, index) => ({
        type: 'external',
        userId: `+467012345${String(index).padStart(2, '0')}`,
        namespace: 'phone',
        context: { code: `code-${index}` },
      }));
      const { answer } = await triggerDemo(demo, { recipients });
      const messages = await ended(answer.body.executionId);
      assert.equal(messages.length, 20);
      const kept = await Promise.all(messages.map((message) => keptFor(message.messageId)));
      kept.forEach((records, index) => {
        assert.equal(records.length, 1);
        assert.equal(records[0]!.recipient, recipients[index]!.userId);
        assert.match(String(records[0]!.content.text), new RegExp(`^code-${index} is`));
      });
    });

    test('a malformed address is excluded with its published code, and its neighbours go out', async () => {
      const demo = await createDemo(stack, 'order');
      const recipients = [
        { ...demo.recipient, userId: 'good@shop.example' },
        { ...demo.recipient, userId: 'bad', channelData: { emailAddress: 'not an address' } },
      ];
      const { answer } = await triggerDemo(demo, { recipients });
      const messages = await waitFor('both to end', async () => {
        const now = await messagesOf(answer.body.executionId);
        return now.every((message) => message.state === 'sent' || message.state === 'excluded') && now;
      });
      assert.deepEqual(
        messages.map((message) => [message.state, message.code]),
        [
          ['sent', undefined],
          ['excluded', '050024'],
        ],
      );
    });

    test('a refusal for good fails the message with its code; a throttle waits and then goes out or waits on', async () => {
      const demo = await createDemo(stack, 'order');
      const refused = await triggerDemo(demo, { recipients: [{ ...demo.recipient, userId: 'refuse@shop.example' }] });
      const [failed] = await ended(refused.answer.body.executionId, 'failed');
      assert.equal(failed!.code, 'permanent.recipient');
      const throttled = await triggerDemo(demo, {
        recipients: [{ ...demo.recipient, userId: 'throttle@shop.example' }],
      });
      const [waiting] = await ended(throttled.answer.body.executionId, 'deferred');
      assert.equal(waiting!.code, 'transient.throttled');
    });

    test('a suppressed address gets nothing', async () => {
      const demo = await createDemo(stack, 'order');
      await stack.pool.query(
        `INSERT INTO suppressions (suppression_id, tenant_id, list_type, entity_type, entity_value, suppressed_type, suppressed_by)
         VALUES ($1, $2, 'client', 'email', 'gone@shop.example', 'HARD', 'test')`,
        [randomUUID(), stack.caller.tenant.tenantId],
      );
      const { answer } = await triggerDemo(demo, { recipients: [{ ...demo.recipient, userId: 'Gone@shop.example' }] });
      const [message] = await ended(answer.body.executionId, 'excluded');
      assert.equal(message!.code, '050102');
      assert.deepEqual(await keptFor(message!.messageId), []);
    });

    test('F028, F031: a stored profile is read for an aep recipient, and what the payload says wins', async () => {
      const demo = await createDemo(stack, 'order');
      const userId = `${randomUUID()}@shop.example`;
      const stored = { person: { name: { firstName: 'Stored' } }, loyalty: { points: 5_000 } };
      await stack.call('control', 'PUT', '/profiles', {
        identities: [{ namespace: 'email', value: userId }],
        attributes: stored,
      });
      const recipient = { ...demo.recipient, userId, profile: { person: { name: { firstName: 'Payload' } } } };
      const { answer } = await triggerDemo(demo, { recipients: [recipient] });
      const [message] = await ended(answer.body.executionId);
      const html = String((await keptFor(message!.messageId))[0]!.content.html);
      assert.match(html, /Thank you, Payload!/);
      assert.match(html, /<strong>5,000<\/strong> points/);
    });

    test('F008, F030: an unknown person gets a profile of the identity alone, and the mail goes where the call says', async () => {
      const demo = await createDemo(stack, 'order');
      const userId = `${randomUUID()}@shop.example`;
      const elsewhere = `${randomUUID()}@other.example`;
      const recipient = { ...demo.recipient, userId, channelData: { emailAddress: elsewhere } };
      const { answer } = await triggerDemo(demo, { recipients: [recipient] });
      const [message] = await ended(answer.body.executionId);
      assert.equal((await keptFor(message!.messageId))[0]!.recipient, elsewhere);
      const profile = async (address: string) =>
        stack.call('control', 'GET', `/profiles/identities/email/${encodeURIComponent(address)}`);
      const { identities, attributes, consents, pushTokens } = (await profile(userId)).body;
      assert.deepEqual(
        [identities, attributes, consents, pushTokens],
        [[{ namespace: 'email', value: userId }], {}, {}, []],
      );
      assert.equal((await profile(elsewhere)).status, 404);
    });

    test('F034: stopping a campaign refuses new calls', async () => {
      const demo = await createDemo(stack, 'password');
      const stopped = await stack.call('control', 'POST', `/campaigns/${demo.campaignId}/stop`);
      assert.equal(stopped.body.status, 'STOPPED');
      const { answer } = await triggerDemo(demo);
      assert.equal(answer.status, 400);
      assert.match(String(answer.body.type), /MSG-000011-400$/);
    });

    test('F023: the sample call of a live campaign names every variable of its content', async () => {
      const demo = await createDemo(stack, 'shipping');
      const sample = await stack.call('control', 'GET', `/campaigns/${demo.campaignId}/sample`);
      const text = String(sample.body.text);
      for (const name of ['firstName', 'carrier', 'order', 'day'])
        assert.match(text, new RegExp(`"${name}": "<string>"`));
      assert.match(text, /\/ajo\/im\/executions\/unitary/);
    });

    test('a service stops cleanly when asked', async () => {
      assert.equal(await stack.services.get('push-worker')!.stop(), 0);
      await stack.start('push-worker');
    });
  });
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import {
  createTestCaller,
  openTestLedger,
  type SnsEmulator,
  sesEvent,
  startSnsEmulator,
  type TestCaller,
  waitFor,
} from '@outrigger/testkit';
import { webhookEvent } from '../../packages/contracts/src/webhook-event.ts';
import { SECRET, startReceiver } from '../webhooks/world.ts';
import { createDemo, type DemoName, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const ALL = ['sent', 'delivered', 'bounce', 'error', 'exclude', 'delay', 'complaint', 'denylist'];
type Receiver = Awaited<ReturnType<typeof startReceiver>>;

describe('from a call to the webhook, through every service (F009, F093, F094)', () => {
  let stack: TestStack;
  let sns: SnsEmulator;
  before(async () => {
    sns = await startSnsEmulator();
    stack = await startStack(ledger, 'postgres');
    await stack.services.get('control')!.stop();
    await stack.start('control', { WEBHOOK_ALLOW_INSECURE: 'true' });
    await startGateway();
  });
  after(async () => {
    await stack.stop();
    await sns.close();
  });

  function startGateway() {
    return stack.start('gateway', {
      CALLBACK_SOURCES: JSON.stringify([
        { provider: 'ses', account: 'ses-main', topics: [sns.topic], endpoint: sns.url },
      ]),
      CALLBACK_SETTLE_MS: '0',
      WEBHOOK_ALLOW_INSECURE: 'true',
    });
  }

  /** A tenant with a webhook that leads to a receiver of its own. */
  async function customer(
    t: { after(done: () => unknown): void },
    more: object = {},
    reply: Parameters<typeof startReceiver>[0] = () => undefined,
  ) {
    const hook = await startReceiver(reply);
    t.after(() => hook.close());
    const caller = await createTestCaller(ledger.pool, hashSecret);
    const wanted = { name: 'Shop', url: `${hook.url}/outrigger`, channels: ['email', 'sms'], ...more };
    const made = await stack.call('control', 'POST', '/settings/webhook', wanted, caller);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return { hook, caller };
  }

  async function trigger(
    caller: TestCaller,
    which: DemoName,
    userId: string,
    enableWebhooks = true,
    change: (definition: Record<string, unknown>) => void = (definition) =>
      Object.assign(definition, { enableWebhooks }),
  ) {
    const demo = await createDemo(stack, which, { caller, change });
    const requestId = randomUUID();
    const recipients = [{ ...demo.recipient, type: 'external', userId }];
    const answer = await stack.trigger({ requestId, campaignId: demo.campaignId, recipients }, caller);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    return { requestId, executionId: String(answer.body.executionId), campaignId: demo.campaignId };
  }

  const eventOf = (hook: Receiver, requestId: string, value: string) =>
    waitFor(`${value} of ${requestId}`, () =>
      hook
        .events()
        .find((event) => event.requestId === requestId && event.messageDeliveryFeedback.feedbackStatus.value === value),
    );

  async function report(kind: 'Delivery' | 'Bounce', messageId: string, to: string) {
    const response = await fetch(`${stack.services.get('gateway')!.url}/callbacks/ses/ses-main`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=UTF-8' },
      body: JSON.stringify(sns.notification(sesEvent(kind, { messageId, to }))),
    });
    assert.equal(response.status, 200);
  }

  test('email: sent, delivered and bounce, with JWT and headers of the customer', async (t) => {
    const { hook, caller } = await customer(t, {
      authentication: { type: 'jwt', secret: SECRET },
      headers: { 'x-shop': 'blue' },
    });
    const [one, other] = [`${randomUUID()}@shop.example`, `${randomUUID()}@shop.example`];
    const first = await trigger(caller, 'order', one);
    const second = await trigger(caller, 'order', other);
    const sent = await eventOf(hook, first.requestId, 'sent');
    webhookEvent.parse(sent);
    assert.equal(sent.messageExecution.messageExecutionID, first.executionId);
    assert.equal(sent.messageExecution.campaignID, first.campaignId);
    assert.equal(sent.channelContext.profileAddress, one);
    const bounced = await eventOf(hook, second.requestId, 'sent');
    await report('Delivery', sent.messageExecution.messageID, one);
    await report('Bounce', bounced.messageExecution.messageID, other);
    await eventOf(hook, first.requestId, 'delivered');
    const { messageDeliveryFeedback: feedback } = await eventOf(hook, second.requestId, 'bounce');
    assert.equal(feedback.messageFailure.category, 'async');
    for (const post of hook.requests) {
      assert.match(post.headers.authorization!, /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
      assert.match(String(post.headers['webhook-signature']), /^v1,/);
      assert.equal(post.headers['x-shop'], 'blue');
    }
    assert.equal(hook.requests.length, 4);
  });

  test('sms: sent', async (t) => {
    const { hook, caller } = await customer(t);
    const { requestId } = await trigger(caller, 'password', '+46701234567');
    const sent = await eventOf(hook, requestId, 'sent');
    assert.deepEqual([sent.channel, sent.channelContext.profileNumber], ['sms', '+46701234567']);
    assert.deepEqual(sent.identityMap, { phone: [{ id: '+46701234567', primary: true }] });
  });

  test('what the content notes about a message shows in what is told of it, and 3 KB of it are cut (F096)', async (t) => {
    const { hook, caller } = await customer(t, { events: ALL });
    const change = (definition: Record<string, unknown>) => {
      const [action] = definition.packages as { content: { text: string } }[];
      action!.content.text =
        '{% metadata "code", context.code %}{% capture long %}{% for n in (1..300) %}xxxxxxxxxx{% endfor %}{% endcapture %}' +
        '{% metadata "long", long %}Hi';
      Object.assign(definition, { enableWebhooks: true });
    };
    const { requestId } = await trigger(caller, 'password', '+46701234567', true, change);
    const { metadata } = await eventOf(hook, requestId, 'sent');
    assert.equal(metadata.code, '481 920');
    assert.match(metadata.long, /^x{1900,2047}$/);
    const excluded = await trigger(caller, 'password', 'no number', true, change);
    assert.equal((await eventOf(hook, excluded.requestId, 'exclude')).metadata, null);
  });

  test('error and exclude, for who asked for it', async (t) => {
    const { hook, caller } = await customer(t, { events: ALL });
    const refused = await trigger(caller, 'order', 'refuse@shop.example');
    const error = await eventOf(hook, refused.requestId, 'error');
    assert.equal(error.messageDeliveryFeedback.messageFailure.code, 'permanent.recipient');
    const excluded = await trigger(caller, 'password', 'no number');
    const exclusion = await eventOf(hook, excluded.requestId, 'exclude');
    assert.deepEqual(exclusion.messageDeliveryFeedback.messageExclusion, {
      code: '050153',
      reason: 'SMSNoToNumberDefinedInProfile',
    });
  });

  test('a campaign that has it switched off is silent (F009)', async (t) => {
    const { hook, caller } = await customer(t);
    await trigger(caller, 'order', `${randomUUID()}@shop.example`, false);
    const on = await trigger(caller, 'password', '+46701234567');
    await eventOf(hook, on.requestId, 'sent');
    assert.equal(hook.requests.length, 1);
  });

  test('a gateway that dies between a post and its record posts it again, under the same id', async (t) => {
    let killed: Promise<void> | undefined;
    const { hook, caller } = await customer(t, {}, () => {
      killed ??= stack.services.get('gateway')!.kill();
      return undefined;
    });
    const { requestId } = await trigger(caller, 'order', `${randomUUID()}@shop.example`);
    await hook.arrived(1);
    await killed;
    await startGateway();
    // Its lease is over in half a minute; nobody wants to wait for that here.
    await stack.pool.query('UPDATE webhooks SET leased_until = now()');
    await hook.arrived(2);
    assert.deepEqual(hook.ids()[0], hook.ids()[1]);
    assert.deepEqual(
      hook.events().map((event) => event.requestId),
      [requestId, requestId],
    );
  });

  test('no address, secret or header of anybody is in a log line', () => {
    const lines = [...stack.services.values()].flatMap(({ lines }) => lines).join('\n');
    for (const text of [SECRET, '@shop.example', '46701234567', '"blue"']) assert.ok(!lines.includes(text), text);
  });
});

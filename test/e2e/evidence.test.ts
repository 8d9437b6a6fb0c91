import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { hashSecret } from '@outrigger/pipeline';
import {
  createTestCaller,
  openTestLedger,
  type SesEmulator,
  type SnsEmulator,
  type SqsEmulator,
  sesEvent,
  startSesEmulator,
  startSnsEmulator,
  startSqsEmulator,
  type TakenMessage,
  waitFor,
} from '@outrigger/testkit';
import { createDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const WINDOW_MS = 3_000;

type Message = {
  messageId: string;
  state: string;
  feedbackStatus?: string;
  feedback: { fact: string; bounceType?: string; code?: string; provider: string }[];
  events: { state: string; provider?: string; providerMessageId?: string; detail?: string; possibleDuplicate?: true }[];
};

describe('an unknown message and the report of its provider', () => {
  let stack: TestStack;
  let ses: SesEmulator;
  let sns: SnsEmulator;
  let sqs: SqsEmulator;
  /** What happens when SES has taken a message for an address, before the sender hears of it. */
  const onTaken = new Map<string, (message: TakenMessage) => void>();

  before(async () => {
    // Addresses whose local part begins with "cut" are taken, and the connection breaks before the answer: once.
    const cut = new Set<string>();
    ses = await startSesEmulator((message) => {
      onTaken.get(message.to)?.(message);
      if (!message.to.startsWith('cut') || cut.has(message.messageId)) return undefined;
      cut.add(message.messageId);
      return 'reset';
    });
    sns = await startSnsEmulator();
    sqs = await startSqsEmulator();
    stack = await startStack(ledger, 'postgres');
    await stack.services.get('email-worker')!.stop();
    await stack.start('email-worker', {
      EMAIL_ACCOUNTS: JSON.stringify([
        {
          name: 'ses-main',
          EMAIL_PROVIDER: 'ses',
          SES_REGION: 'eu-central-1',
          SES_ENDPOINT: ses.url,
          SES_ACCESS_KEY_ID: 'AKIA',
          SES_SECRET_ACCESS_KEY: 'secret',
          SES_CONFIGURATION_SET: 'outrigger',
          rate_per_second: 500,
        },
      ]),
      UNKNOWN_WINDOW_MS: String(WINDOW_MS),
    });
    await startGateway();
  });
  after(async () => {
    await stack.stop();
    await Promise.all([ses.close(), sns.close(), sqs.close()]);
  });

  function startGateway(withQueue = false) {
    const topic = { provider: 'ses', account: 'ses-main', topics: [sns.topic], endpoint: sns.url };
    const queue = {
      provider: 'ses',
      account: 'ses-queue',
      queue_url: sqs.queueUrl,
      region: 'eu-central-1',
      endpoint: sqs.url,
      access_key_id: 'AKIA',
      secret_access_key: 'secret',
    };
    return stack.start('gateway', {
      CALLBACK_SOURCES: JSON.stringify(withQueue ? [topic, queue] : [topic]),
      CALLBACK_SETTLE_MS: '0',
    });
  }

  async function post(event: string, overrides = {}): Promise<number> {
    const response = await fetch(`${stack.services.get('gateway')!.url}/callbacks/ses/ses-main`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=UTF-8' },
      body: JSON.stringify(sns.notification(event, overrides)),
    });
    return response.status;
  }

  async function send(to: string, caller = stack.caller) {
    const demo = await createDemo(stack, 'order', { caller });
    const answer = await stack.trigger(
      {
        requestId: randomUUID(),
        campaignId: demo.campaignId,
        recipients: [{ ...demo.recipient, type: 'external', userId: to }],
      },
      caller,
    );
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    const path = `/ajo/im/executions/${answer.body.executionId}`;
    const look = async () => {
      const found = await stack.call('ingress', 'GET', path, undefined, caller);
      return (found.body.messages as Message[])[0]!;
    };
    const reach = (state: string) =>
      waitFor(`the message to be ${state}`, async () => {
        const message = await look();
        return message.state === state && message;
      });
    return { look, reach, path, campaignId: demo.campaignId };
  }

  const address = (name: string) => `${name}-${randomUUID()}@shop.example`;
  /** Longer than the window and a round of the janitor. */
  const windowIsOver = () => delay(WINDOW_MS + 1_500);

  test('carries the tag and the configuration set to SES', async () => {
    const { reach } = await send(address('plain'));
    const { messageId, events } = await reach('sent');
    const [taken, ...more] = ses.takenOf(messageId);
    assert.deepEqual([taken!.configurationSet, more.length], ['outrigger', 0]);
    assert.equal(events.at(-1)!.providerMessageId, taken!.sesId);
  });

  test('is sent once when its SEND event comes before the window ends, five times over', async () => {
    const { reach, look } = await send(address('cut'));
    const { messageId } = await reach('unknown');
    const [taken] = ses.takenOf(messageId);
    const event = sesEvent('Send', { messageId, sesId: taken!.sesId });
    const same = { MessageId: randomUUID() };
    const statuses = await Promise.all([1, 2, 3, 4, 5].map((n) => post(event, n < 4 ? same : {})));
    assert.deepEqual(statuses, [200, 200, 200, 200, 200]);
    const sent = await reach('sent');
    assert.equal(sent.events.at(-1)!.providerMessageId, taken!.sesId);
    assert.equal(sent.events.at(-1)!.provider, 'ses-main');
    assert.match(sent.events.at(-1)!.detail!, /evidence/);
    await windowIsOver();
    assert.equal(ses.takenOf(messageId).length, 1);
    assert.deepEqual((await look()).feedback.length, 1);
    const { rows } = await stack.pool.query('SELECT body, result FROM callbacks WHERE source_id = $1', [
      same.MessageId,
    ]);
    assert.deepEqual(rows, [{ body: null, result: 'applied' }], 'one row, and no address is left in it');
  });

  test('is settled by an event that came before our own record', async () => {
    const to = address('cut');
    let posted: Promise<number> | undefined;
    onTaken.set(to, (message) => {
      posted ??= post(sesEvent('Send', { messageId: message.messageId, to, sesId: message.sesId }));
    });
    const { reach } = await send(to);
    const sent = await reach('sent');
    assert.equal(await posted, 200);
    assert.equal(ses.takenOf(sent.messageId).length, 1);
    assert.ok(!sent.events.some((event) => event.possibleDuplicate));
  });

  test('has the same facts however its events are shuffled, and never goes back', async () => {
    const to = address('plain');
    const { reach, look } = await send(to);
    const { messageId } = await reach('sent');
    const at = (second: number) => new Date(Date.now() + second * 1_000).toISOString();
    const kinds = ['Complaint', 'Delivery', 'Send', 'DeliveryDelay', 'Bounce'] as const;
    for (const [place, kind] of [...kinds, ...kinds.toReversed()].entries()) {
      const part = kind === 'Bounce' ? { bounceType: 'Transient', bounceSubType: 'MailboxFull' } : {};
      await post(sesEvent(kind, { messageId, to, at: at(place) }, part));
    }
    const message = await waitFor('all facts', async () => {
      const found = await look();
      return found.feedback.length === 5 && found;
    });
    assert.equal(message.state, 'sent');
    assert.equal(message.feedbackStatus, 'complained');
    const bounce = message.feedback.find((one) => one.fact === 'bounced')!;
    assert.deepEqual([bounce.bounceType, bounce.code], ['Soft', '22']);
  });

  test('goes by the policy when nothing comes, and an event long after changes no state', async () => {
    const to = address('cut');
    const { reach, look } = await send(to);
    const { messageId } = await reach('unknown');
    const sent = await reach('sent');
    assert.equal(ses.takenOf(messageId).length, 2);
    assert.equal(sent.events.at(-1)!.possibleDuplicate, true);
    await post(sesEvent('Send', { messageId, to, sesId: ses.takenOf(messageId)[0]!.sesId }));
    const later = await waitFor('the fact', async () => {
      const found = await look();
      return found.feedback.length === 1 && found;
    });
    assert.equal(later.events.length, sent.events.length);
  });

  test('is not sent again when the report comes after the policy decided, and before a worker claims it', async () => {
    const operator = await createTestCaller(ledger.pool, hashSecret, {
      scopes: ['execute', 'read', 'manage', 'operate'],
    });
    const { reach, look, campaignId } = await send(address('cut'), operator);
    const { messageId } = await reach('unknown');
    const brake = { scope: 'campaign', target: campaignId, action: 'pause' };
    const paused = await stack.call('control', 'POST', '/brakes', brake, operator);
    assert.equal(paused.status, 201, JSON.stringify(paused.body));
    await waitFor('the policy to decide', async () =>
      (await look()).events.some((event) => event.state === 'queued' && event.possibleDuplicate),
    );
    await post(sesEvent('Send', { messageId, sesId: ses.takenOf(messageId)[0]!.sesId }));
    await waitFor('the fact', async () => (await look()).feedback.length === 1);
    await stack.call('control', 'DELETE', `/brakes/${paused.body.brakeId}`, undefined, operator);
    const sent = await reach('sent');
    assert.equal(sent.events.at(-1)!.providerMessageId, ses.takenOf(messageId)[0]!.sesId);
    assert.equal(ses.takenOf(messageId).length, 1);
  });

  test('is settled while it is held for a person', async () => {
    const { reach } = await send(address('cut'));
    const { messageId } = await reach('unknown');
    await stack.pool.query("UPDATE unsettled_messages SET policy = 'hold' WHERE message_id = $1", [messageId]);
    await waitFor('a dead letter', async () => {
      const { rowCount } = await stack.pool.query('SELECT FROM dead_letters WHERE message_id = $1', [messageId]);
      return rowCount === 1;
    });
    await post(sesEvent('Delivery', { messageId }));
    await reach('sent');
    assert.equal(ses.takenOf(messageId).length, 1);
    const letter = await stack.call('control', 'GET', `/dead-letters/${messageId}`);
    assert.equal(letter.status, 409);
  });

  test('of nobody is kept as an orphan, and answered with 200', async () => {
    const sourceId = randomUUID();
    assert.equal(await post(sesEvent('Send', { messageId: randomUUID() }), { MessageId: sourceId }), 200);
    const row = await waitFor('it to be read', async () => {
      const { rows } = await stack.pool.query('SELECT result, body FROM callbacks WHERE source_id = $1', [sourceId]);
      return rows[0]?.result ? rows[0] : undefined;
    });
    assert.equal(row.result, 'orphan');
    assert.ok(row.body.length > 0);
  });

  test('of another tenant is settled and shown there, and suppresses there alone', async () => {
    const other = await createTestCaller(ledger.pool, hashSecret);
    const to = address('cut');
    const [mine, theirs] = [await send(address('plain')), await send(to, other)];
    const { messageId } = await theirs.reach('unknown');
    await post(sesEvent('Bounce', { messageId, to }));
    const settled = await theirs.reach('sent');
    assert.equal(settled.feedbackStatus, 'bounced');
    assert.deepEqual((await mine.reach('sent')).feedback, []);
    const stranger = await stack.call('ingress', 'GET', theirs.path);
    assert.equal(stranger.status, 404);
    await (await send(to, other)).reach('excluded');
    await (await send(to)).reach('unknown');
  });

  test('after a hard bounce the next message to the address is excluded', async () => {
    const to = address('plain');
    const first = await send(to);
    const { messageId } = await first.reach('sent');
    // What the event names is not trusted: the address that we sent to is suppressed.
    await post(sesEvent('Bounce', { messageId, to }, { bouncedRecipients: [{ emailAddress: 'victim@shop.example' }] }));
    await waitFor('the fact', async () => (await first.look()).feedbackStatus === 'bounced');
    const excluded = await (await send(to)).reach('excluded');
    assert.equal(ses.takenOf(excluded.messageId).length, 0);
    const { rows } = await stack.pool.query(
      'SELECT suppressed_type, suppressed_by, comment FROM suppressions WHERE entity_value = $1',
      [to],
    );
    assert.deepEqual(rows, [{ suppressed_type: 'HARD', suppressed_by: 'feedback', comment: 'Invalid Recipient' }]);
    assert.equal((await stack.pool.query("SELECT FROM suppressions WHERE entity_value LIKE 'victim%'")).rowCount, 0);
  });

  test('is not decided while its event lies in a queue that nobody reads', async () => {
    await stack.services.get('gateway')!.stop();
    await startGateway(true);
    await waitFor('the queue to be read', async () => {
      const { rowCount } = await stack.pool.query(
        "SELECT FROM callback_sources WHERE account = 'ses-queue' AND caught_up_at > now() - interval '2 seconds'",
      );
      return rowCount === 1;
    });
    await stack.services.get('gateway')!.kill();
    const { reach, look } = await send(address('cut'));
    const { messageId } = await reach('unknown');
    sqs.put(JSON.stringify(sns.notification(sesEvent('Send', { messageId }))));
    await windowIsOver();
    assert.equal((await look()).state, 'unknown', 'the gateway is away: nobody can say that no evidence came');
    await startGateway(true);
    await reach('sent');
    assert.equal(ses.takenOf(messageId).length, 1);
    await waitFor('the queue to be empty', async () => sqs.length === 0);
  });
});

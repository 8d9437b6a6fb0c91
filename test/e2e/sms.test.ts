import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  openTestLedger,
  type SnsEmulator,
  type SqsEmulator,
  startSnsEmulator,
  startSqsEmulator,
  waitFor,
} from '@outrigger/testkit';
import { type ScriptedServer, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { author, type Kept } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
type Json = Record<string, unknown>;
const OURS = '+46 70 000 00 01';
const phone = (userId: string, more: object = {}) => ({ type: 'external', userId, namespace: 'phone', ...more });

describe('text messages', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  let sns: SnsEmulator;
  let sqs: SqsEmulator;
  before(async () => {
    sns = await startSnsEmulator();
    sqs = await startSqsEmulator();
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
    await stack.start('gateway', {
      CALLBACK_SOURCES: JSON.stringify([
        { provider: 'sns', account: 'texts', topics: [sns.topic], endpoint: sns.url },
        {
          provider: 'sns',
          account: 'receipts',
          queue_url: sqs.queueUrl,
          region: 'eu-central-1',
          endpoint: sqs.url,
          access_key_id: 'AKIA',
          secret_access_key: 'secret',
        },
      ]),
      CALLBACK_SETTLE_MS: '0',
    });
  });
  after(async () => {
    await stack.stop();
    await Promise.all([sns.close(), sqs.close()]);
  });

  /** A text as AWS publishes it, signed by SNS. */
  async function incoming(messageBody: string, from: string, more: Json = {}): Promise<number> {
    const inbound = {
      originationNumber: from,
      destinationNumber: '+46700000001',
      messageKeyword: 'KEYWORD',
      messageBody,
      inboundMessageId: randomUUID(),
      ...more,
    };
    const response = await fetch(`${stack.services.get('gateway')!.url}/callbacks/sns/texts`, {
      method: 'POST',
      body: JSON.stringify(sns.notification(JSON.stringify(inbound))),
    });
    return response.status;
  }
  const consentOf = async (namespace: string, value: string) => {
    const { status, body } = await stack.call(
      'control',
      'GET',
      `/profiles/identities/${namespace}/${encodeURIComponent(value)}`,
    );
    return status === 200 ? (body.consents as { marketing?: { sms?: Json } }).marketing?.sms : undefined;
  };
  const until = (namespace: string, value: string, val: string) =>
    waitFor(`the consent of ${value} to be ${val}`, async () => {
      const consent = await consentOf(namespace, value);
      return consent?.val === val ? consent : undefined;
    });

  test('arrive with their variables, and the account has the id that the provider gave (F061)', async () => {
    const campaign = await desk.campaign('SMS', await desk.surface('SMS'), { text: 'Hi {{ profile.name }} <3' });
    const [message] = await desk.send(campaign, phone('+46701234567', { profile: { name: 'Ada & Bo' } }));
    const [kept] = await desk.kept(message!.messageId);
    assert.deepEqual(
      [kept!.recipient, kept!.content.text, kept!.content.from],
      ['+46701234567', 'Hi Ada & Bo <3', 'Shop'],
    );
    assert.equal(message!.events.at(-1)!.providerMessageId, `sandbox-${message!.messageId}`);
  });

  test('over 1,500 characters fail, and say so (F062)', async () => {
    const campaign = await desk.campaign('SMS', await desk.surface('SMS'), { text: '{{ context.text }}' });
    const [long, fits] = await desk.send(
      campaign,
      phone('+46701234567', { context: { text: 'a'.repeat(1_501) } }),
      phone('+46701234568', { context: { text: 'a'.repeat(1_500) } }),
    );
    assert.deepEqual([long!.state, long!.code, fits!.state], ['failed', '050302', 'sent']);
    assert.match(long!.events.at(-1)!.detail!, /1501 characters; 1500 is the limit/);
  });

  describe('that come back', () => {
    const textsTo = async (number: string) => {
      const { body } = await stack.call('control', 'GET', '/sandbox/messages?channel=sms');
      return (body.data as Kept[]).filter(({ recipient }) => recipient === number).map(({ content }) => content.text);
    };
    before(async () => {
      const keywords = { opt_out_reply: 'You get no more of these.', help_reply: 'Call us.' };
      await desk.surface('SMS', { sender: OURS, keywords });
    });

    test('STOP and START set the consent for marketing by SMS, and are answered once where there is an answer (F064)', async () => {
      const number = '+46701111111';
      const identities = [{ namespace: 'phone', value: number }];
      await stack.call('control', 'PUT', '/profiles', { identities, consents: { marketing: { email: { val: 'y' } } } });
      const inboundMessageId = randomUUID();
      assert.equal(await incoming(' stop\n', number, { inboundMessageId }), 200);
      const consent = await until('phone', number, 'n');
      assert.equal(consent.reason, 'texted stop');
      await waitFor('the answer', async () => ((await textsTo(number)).length > 0 ? true : undefined));
      assert.equal(await incoming('STOP', number, { inboundMessageId }), 200);
      assert.equal(await incoming('Start', number), 200);
      await until('phone', number, 'y');
      // START has no answer, and the text that was told twice got one.
      assert.deepEqual(await textsTo(number), ['You get no more of these.']);
      const { body } = await stack.call('control', 'GET', `/profiles/identities/phone/${encodeURIComponent(number)}`);
      assert.equal((body.consents as { marketing: { email: Json } }).marketing.email.val, 'y');
    });

    test('a person whom nobody knows is remembered, and HELP changes nothing (F064)', async () => {
      await incoming('STOP', '+46702222222');
      await until('phone', '+46702222222', 'n');
      await incoming('help', '+46703333333');
      await waitFor('the answer', async () => ((await textsTo('+46703333333')).length > 0 ? true : undefined));
      assert.deepEqual(await textsTo('+46703333333'), ['Call us.']);
      assert.equal(await consentOf('phone', '+46703333333'), undefined);
    });

    test('anything else opts nobody out, and nothing is believed that SNS did not sign (F064, I21, I22)', async () => {
      await incoming('Stop please', '+46704444444');
      const forged = {
        originationNumber: '+46704444444',
        destinationNumber: '+46700000001',
        messageBody: 'STOP',
        inboundMessageId: 'x',
      };
      const response = await fetch(`${stack.services.get('gateway')!.url}/callbacks/sns/texts`, {
        method: 'POST',
        body: JSON.stringify({ ...sns.notification('{}'), Message: JSON.stringify(forged) }),
      });
      assert.equal(response.status, 403);
      // A later one is read after them.
      await incoming('STOP', '+46705555555');
      await until('phone', '+46705555555', 'n');
      assert.equal(await consentOf('phone', '+46704444444'), undefined);
    });

    test('words that stand for two things, or a sender that nobody can answer, are refused with the configuration (F064)', async () => {
      const refused = async (settings: Json) => {
        const surface = { name: 'refused', channel: 'SMS', category: 'Transactional', settings };
        return (await stack.call('control', 'POST', '/metadata/surfaces', surface)).status;
      };
      assert.equal(await refused({ sender: OURS, keywords: { opt_out: ['go'], help: ['Go '] } }), 400);
      assert.equal(await refused({ sender: OURS, keywords: { opt_out: ['yes'] } }), 400);
      assert.equal(await refused({ sender: 'Shop', keywords: {} }), 400);
      assert.equal(await refused({ sender: OURS, keywords: { help_reply: 'Hi {{ profile.name }}' } }), 400);
    });
  });

  describe('through other providers', () => {
    const peers: ScriptedServer[] = [];
    const openPeer = async (...reply: Parameters<typeof startScriptedServer>) => {
      const peer = await startScriptedServer(...reply);
      peers.push(peer);
      return peer;
    };
    const useProvider = async (environment: Record<string, string>) => {
      await stack.services.get('sms-worker')!.stop();
      await stack.start('sms-worker', environment);
    };
    after(() => Promise.all(peers.map((peer) => peer.close())));

    test('a receipt says that a text was delivered, or why not (F065)', async () => {
      // Answers to texts of before may still go out, so each number has the id of its own.
      const ids = new Map<string | null, string>();
      const peer = await openPeer((request) => {
        // The account's limits are asked for at the start.
        const fields = new URLSearchParams(request.body.toString());
        if (fields.get('Action') !== 'Publish') return { status: 400, body: '<ErrorResponse/>' };
        const id = randomUUID();
        ids.set(fields.get('PhoneNumber'), id);
        const result = `<PublishResult><MessageId>${id}</MessageId></PublishResult>`;
        return { status: 200, body: `<PublishResponse>${result}</PublishResponse>` };
      });
      await useProvider({
        SMS_PROVIDER: 'sns',
        SNS_REGION: 'eu-west-1',
        SNS_ENDPOINT: peer.url,
        SNS_ACCESS_KEY_ID: 'AKIA',
        SNS_SECRET_ACCESS_KEY: 'secret',
      });
      const campaign = await desk.campaign('SMS', await desk.surface('SMS'), { text: 'Hi' });
      const [good] = await desk.send(campaign, phone('+46706666666'));
      const [bad] = await desk.send(campaign, phone('+46707777777'));
      const [goodId, badId] = ['+46706666666', '+46707777777'].map((number) => ids.get(number)!);
      assert.deepEqual(
        [good, bad].map((message) => message!.events.at(-1)!.providerMessageId),
        [goodId, badId],
      );
      const receipt = (messageId: string, status: string, providerResponse: string) =>
        JSON.stringify({
          notification: { messageId, timestamp: '2026-11-28 01:00:00.000' },
          delivery: { destination: '+46706666666', providerResponse },
          status,
        });
      sqs.put(receipt(goodId!, 'SUCCESS', 'Message has been accepted by phone'));
      sqs.put(receipt(badId!, 'FAILURE', 'Unknown error attempting to reach phone'));
      const feedbackOf = (messageId: string) =>
        waitFor('its feedback', async () => {
          const { body } = await stack.call('ingress', 'GET', `/ajo/im/messages/${messageId}`);
          return (body.feedbackStatus as string | undefined) ?? undefined;
        });
      assert.equal(await feedbackOf(good!.messageId), 'delivered');
      assert.match(await feedbackOf(bad!.messageId), /bounced/);
    });

    test('STOP after a message of ours is kept by the person whom it went to, however that person is known (F064)', async () => {
      const number = '+46709999999';
      const identities = [{ namespace: 'email', value: 'texted@shop.example' }];
      const attributes = { mobilePhone: { number } };
      await stack.call('control', 'PUT', '/profiles', { identities, attributes });
      const definition = { identityNamespace: 'email' };
      const campaign = await desk.campaign('SMS', await desk.surface('SMS'), { text: 'Hi' }, definition);
      const person = { type: 'aep', userId: 'Texted@shop.example', namespace: 'email' };
      const [message] = await desk.send(campaign, person);
      const previousPublishedMessageId = message!.events.at(-1)!.providerMessageId;
      await incoming('STOP', number, { previousPublishedMessageId });
      await until('email', 'texted@shop.example', 'n');
      // Nobody else was made for the number.
      assert.equal(await consentOf('phone', number), undefined);
    });

    test("one of one's own takes JSON made of a template, and its id is found at a path (F063)", async () => {
      const peer = await openPeer(() => ({ status: 200, body: '{"messages": [{"id": "own-4711"}]}' }));
      await useProvider({
        SMS_PROVIDER: 'http',
        SMS_HTTP_URL: `${peer.url}/send`,
        SMS_HTTP_PRIVATE_NETWORK: 'allow',
        SMS_HTTP_HEADERS: '{"X-Api-Key": "key"}',
        SMS_HTTP_PAYLOAD: '{"from": "{{fromNumber}}", "to": "{{toNumber}}", "body": {"text": "{{message}}"}}',
        SMS_HTTP_MESSAGE_ID: 'messages.0.id',
      });
      const campaign = await desk.campaign('SMS', await desk.surface('SMS'), { text: 'Hi "{{ profile.name }}"' });
      const [message] = await desk.send(campaign, phone('+46708888888', { profile: { name: 'Ada' } }));
      assert.equal(message!.events.at(-1)!.providerMessageId, 'own-4711');
      const request = peer.requests.find(({ body }) => body.includes('+46708888888'));
      assert.equal(request!.headers['x-api-key'], 'key');
      assert.deepEqual(JSON.parse(request!.body.toString()), {
        from: 'Shop',
        to: '+46708888888',
        body: { text: 'Hi "Ada"' },
      });
    });
  });
});

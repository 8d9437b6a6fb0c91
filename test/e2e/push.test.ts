import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestLedger } from '@outrigger/testkit';
import { author } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
type Json = Record<string, unknown>;
const APP = 'example.shop';
const to = (platform: string, token: string, more: object = {}) => ({
  type: 'external',
  userId: 'ada',
  namespace: 'crm',
  channelData: { pushInfo: { appID: APP, platform, token } },
  ...more,
});

describe('push messages', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  let surface: string;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
    surface = await desk.surface('PUSH');
  });
  after(() => stack.stop());

  const payloadOf = async (messageId: string) => (await desk.kept(messageId))[0]!.content.payload as Json;

  test('reach both platforms, each in its own form (F067)', async () => {
    const campaign = await desk.campaign('PUSH', surface, { title: 'Hi {{ profile.name }}', message: 'On its way' });
    const profile = { name: 'Ada' };
    const [android] = await desk.send(campaign, to('fcm', 'token-a', { profile }));
    const [iphone] = await desk.send(campaign, to('apns', 'token-i', { profile }));
    assert.deepEqual([android!.state, iphone!.state], ['sent', 'sent']);
    const { notification } = await payloadOf(android!.messageId);
    assert.deepEqual(notification, { title: 'Hi Ada', body: 'On its way' });
    const { aps } = (await payloadOf(iphone!.messageId)) as { aps: { alert: Json } };
    assert.deepEqual(aps.alert, { title: 'Hi Ada', body: 'On its way' });
  });

  test('carry every option that their author chose (F068)', async () => {
    const content = {
      title: 'Hi',
      message: 'There',
      interaction: { type: 'DEEPLINK', uri: 'shop://orders/{{ context.order }}' },
      collapsibleKey: 'order-7',
      soundName: 'bell',
      badge: '{{ context.unread }}',
      customProperties: { order: '{{ context.order }}' },
      ios: {
        media: { uri: 'https://shop.example/a.png' },
        notificationGroup: 'orders',
        mutableContent: true,
        actions: {
          category: 'ORDER',
          buttons: [{ customId: 'track', label: 'Track', type: 'WEBURL', uri: 'https://s.example' }],
        },
      },
      android: {
        media: { uri: 'https://shop.example/b.png' },
        channelId: 'orders',
        deliveryPriority: 'HIGH',
        actions: { buttons: [{ label: 'Track', type: 'DEEPLINK', uri: 'shop://track' }] },
      },
    };
    const campaign = await desk.campaign('PUSH', surface, content);
    const context = { order: 'NL-7', unread: 3 };
    const [iphone] = await desk.send(campaign, to('apns', 'token-i', { context }));
    const apns = JSON.stringify(await payloadOf(iphone!.messageId));
    for (const part of [
      'shop://orders/NL-7',
      '"sound":"bell"',
      '"badge":3',
      '"order":"NL-7"',
      'https://shop.example/a.png',
      '"thread-id":"orders"',
      '"mutable-content":1',
      '"category":"ORDER"',
      'track',
    ])
      assert.ok(apns.includes(part), `${part} in ${apns}`);
    const [phone] = await desk.send(campaign, to('fcm', 'token-a', { context }));
    const fcm = JSON.stringify(await payloadOf(phone!.messageId));
    for (const part of [
      'shop://orders/NL-7',
      '"sound":"bell"',
      '"order":"NL-7"',
      'https://shop.example/b.png',
      '"channel_id":"orders"',
      '"priority":"HIGH"',
      'shop://track',
    ])
      assert.ok(fcm.toLowerCase().includes(part.toLowerCase()), `${part} in ${fcm}`);
  });

  test('that are silent wake the app and show nothing (F069)', async () => {
    const content = { pushType: 'silent', customProperties: { sync: '{{ context.what }}' } };
    const campaign = await desk.campaign('PUSH', surface, content);
    const [iphone] = await desk.send(campaign, to('apns', 'token-i', { context: { what: 'orders' } }));
    const payload = (await payloadOf(iphone!.messageId)) as { aps: Json };
    assert.equal(payload.aps['content-available'], 1);
    assert.equal(payload.aps.alert, undefined);
    assert.match(JSON.stringify(payload), /"sync":"orders"/);
  });

  describe('and the tokens of a profile', () => {
    let campaign: string;
    const token = (platform: string, text: string) => ({ appID: APP, platform, token: text });
    const person = async (userId: string, ...pushTokens: object[]) => {
      const body = { identities: [{ namespace: 'crm', value: userId }], pushTokens };
      const { status, body: profile } = await stack.call('control', 'PUT', '/profiles', body);
      assert.ok(status < 300, JSON.stringify(profile));
    };
    const send = async (userId: string) => (await desk.send(campaign, { type: 'aep', userId, namespace: 'crm' }))[0]!;
    const tokensOf = async (userId: string) => {
      const { body } = await stack.call('control', 'GET', `/profiles/identities/crm/${userId}`);
      return body.pushTokens as Json[];
    };
    before(async () => {
      campaign = await desk.campaign('PUSH', surface, { title: 'Hi', message: 'There' });
    });

    test('one of the sandbox of APNs is no token of the production credential (F070)', async () => {
      await person('sandboxed', token('apnsSandbox', 'token-s'));
      const { state, code } = await send('sandboxed');
      assert.deepEqual([state, code], ['excluded', '050031']);
      const [given] = await desk.send(campaign, to('apnsSandbox', 'token-s'));
      assert.deepEqual([given!.state, given!.code], ['excluded', '050031']);
    });

    test('one that is dead is marked at the message that found it out, and not used again (F070)', async () => {
      await person('two-phones', token('fcm', 'refuse-old'), token('fcm', 'token-new'));
      const first = await send('two-phones');
      assert.equal(first.state, 'sent');
      const [old, young] = await tokensOf('two-phones');
      assert.deepEqual([old!.denylisted, old!.denylistedBy], [true, first.messageId]);
      assert.ok(!Number.isNaN(Date.parse(String(old!.denylistedAt))));
      assert.deepEqual(young, token('fcm', 'token-new'));
      assert.equal((await send('two-phones')).state, 'sent');
      assert.deepEqual((await tokensOf('two-phones'))[0], old);
    });

    test('a person with a dead token alone gets a failure once, then is excluded, until the app registers again (F070)', async () => {
      await person('gone', token('apns', 'refuse-gone'));
      const first = await send('gone');
      assert.deepEqual([first.state, first.code], ['failed', 'permanent.recipient']);
      const second = await send('gone');
      assert.deepEqual([second.state, second.code], ['excluded', '050031']);
      await person('gone', token('apns', 'refuse-gone'));
      assert.equal((await send('gone')).code, 'permanent.recipient');
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pushContent } from '@outrigger/contracts';
import type { JsonObject, PushPlatform } from '@outrigger/core';
import fc from 'fast-check';
import { composePush } from './compose.ts';
import { PUSH_PAYLOAD_LIMIT, payloadBytes } from './payload/payload.ts';

const target = (platform: PushPlatform) => ({ token: 'token-1', platform, appId: 'com.example.shop' });

/** `content` as it is stored: what the contract makes of it, defaults filled in. */
function compose(parts: Record<string, string>, content: object = {}, platform: PushPlatform = 'fcm') {
  return composePush({
    messageId: 'm-1',
    target: target(platform),
    settings: { app_id: 'com.example.shop', platforms: ['apns', 'fcm'] },
    category: 'transactional',
    parts,
    content: pushContent.parse(content) as JsonObject,
  });
}

const CONTENT = {
  interaction: { type: 'WEBURL', uri: '{{ context.link }}' },
  collapsibleKey: 'order',
  ios: {
    media: { uri: 'https://example.com/a.jpg' },
    notificationGroup: 'orders',
    contentAvailable: true,
    actions: { category: 'ORDER', buttons: [{ customId: 'ok', label: 'OK', type: 'DISMISS' }] },
  },
  android: {
    media: { iconUri: 'ic_order' },
    channelId: 'orders',
    deliveryPriority: 'HIGH',
    actions: { buttons: [{ label: 'OK', type: 'OPENAPP' }] },
  },
};
const PARTS = {
  title: ' Your order ',
  message: 'is on its way\n',
  badge: ' 7 ',
  sound: 'bell',
  uri: 'https://example.com/o/17',
  'custom:order_id': '17',
};
const COMMON = {
  messageId: 'm-1',
  token: 'token-1',
  appId: 'com.example.shop',
  pushType: 'message',
  title: 'Your order',
  message: 'is on its way',
  badge: 7,
  soundName: 'bell',
  collapsibleKey: 'order',
  interaction: { type: 'WEBURL', uri: 'https://example.com/o/17' },
  customProperties: { order_id: '17' },
};

describe('composePush', () => {
  it('puts parts and content together for an iPhone', () => {
    assert.deepEqual(compose(PARTS, CONTENT, 'apns'), {
      message: {
        ...COMMON,
        platform: 'apns',
        ios: {
          mediaUri: 'https://example.com/a.jpg',
          notificationGroup: 'orders',
          mutableContent: false,
          contentAvailable: true,
          category: 'ORDER',
          buttons: [{ customId: 'ok', label: 'OK', type: 'DISMISS' }],
        },
      },
    });
  });

  it('puts parts and content together for an Android phone', () => {
    assert.deepEqual(compose(PARTS, CONTENT, 'fcm'), {
      message: {
        ...COMMON,
        platform: 'fcm',
        android: {
          iconUri: 'ic_order',
          channelId: 'orders',
          visibility: 'PUBLIC',
          notificationPriority: 'PRIORITY_DEFAULT',
          deliveryPriority: 'HIGH',
          buttons: [{ label: 'OK', type: 'OPENAPP' }],
        },
      },
    });
  });

  it('leaves out parts that render to nothing', () => {
    assert.deepEqual(compose({ title: 'Hi', message: ' ', badge: '', sound: '' }), {
      message: { ...target('fcm'), messageId: 'm-1', pushType: 'message', title: 'Hi' },
    });
  });

  it('lets a silent push be without text', () => {
    assert.ok('message' in compose({ 'custom:sync': '1' }, { pushType: 'silent' }));
  });

  it('ignores the link of a push that only opens the app', () => {
    assert.ok('message' in compose({ title: 'Hi', uri: 'javascript:alert(1)' }, { interaction: { type: 'OPENAPP' } }));
  });

  const refusals: [what: string, parts: Record<string, string>, content: object, detail: RegExp][] = [
    ['nothing to show', { title: ' ', message: '' }, {}, /Title and message are empty/],
    ['a badge that is not a number', { title: 'Hi', badge: 'three' }, {}, /badge/],
    ['a badge that is negative', { title: 'Hi', badge: '-1' }, {}, /badge/],
    ['a badge with a fraction', { title: 'Hi', badge: '1.5' }, {}, /badge/],
    ['a long sound name', { title: 'Hi', sound: 'a'.repeat(51) }, {}, /sound/],
    ['a NUL', { title: 'a\u0000b' }, {}, /title holds a NUL/],
    ['half of a character', { title: 'Hi', 'custom:a': '\ud83d' }, {}, /half of a character/],
    ['a reserved key', { title: 'Hi', 'custom:aps': '{}' }, {}, /aps is a reserved key/],
    ['a link that is empty', { title: 'Hi', uri: '' }, { interaction: { type: 'DEEPLINK' } }, /empty/],
    [
      'a link that runs script',
      { title: 'Hi', uri: 'javascript:x' },
      { interaction: { type: 'DEEPLINK' } },
      /javascript/,
    ],
    ['a collapsible key over 64 bytes', { title: 'Hi' }, { collapsibleKey: '€'.repeat(22) }, /64 bytes/],
    ['a payload over 4,096 bytes', { title: 'Hi', message: 'ä'.repeat(2_100) }, {}, /\d+ bytes; 4096 is the limit/],
  ];
  for (const [what, parts, content, detail] of refusals) {
    it(`fails with ${what}`, () => {
      const composed = compose(parts, content);
      assert.ok('failed' in composed);
      assert.equal(composed.failed, '050302');
      assert.match(composed.detail, detail);
    });
  }

  it('sends 4,096 bytes and not one more, on every platform', () => {
    for (const platform of ['apns', 'apnsSandbox', 'fcm'] as const) {
      const empty = compose({ title: 'x' }, {}, platform);
      assert.ok('message' in empty);
      const room = PUSH_PAYLOAD_LIMIT - payloadBytes(empty.message);
      assert.ok('message' in compose({ title: 'x'.repeat(room + 1) }, {}, platform));
      assert.ok('failed' in compose({ title: 'x'.repeat(room + 2) }, {}, platform));
    }
  });

  it('ends in a message within the limit or in 050302, whatever is rendered', () => {
    const name = fc.constantFrom('title', 'message', 'badge', 'sound', 'uri', 'custom:a', 'custom:__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'binary', maxLength: 3_000 })), (parts) => {
        const composed = compose(parts, { interaction: { type: 'DEEPLINK' } }, 'apns');
        if ('message' in composed) assert.ok(payloadBytes(composed.message) <= PUSH_PAYLOAD_LIMIT);
        else assert.equal(composed.failed, '050302');
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FULL_MESSAGE, PLAIN_MESSAGE } from '../../test/sample.ts';
import { buildApns } from './apns.ts';
import { reservedCustomKey } from './app-data.ts';
import { buildFcm } from './fcm.ts';
import { buildPayload, payloadBytes } from './payload.ts';

const silent = { ...FULL_MESSAGE, pushType: 'silent' } as const;

describe('buildApns', () => {
  it('has a place for every field', () => {
    assert.deepEqual(buildApns(FULL_MESSAGE), {
      payload: {
        aps: {
          alert: { title: 'Your order', body: 'is on its way ✓' },
          sound: 'bell.caf',
          badge: 3,
          'thread-id': 'orders',
          category: 'ORDER',
          'mutable-content': 1,
          'content-available': 1,
        },
        order_id: '17',
        outrigger_message_id: FULL_MESSAGE.messageId,
        outrigger_click_type: 'DEEPLINK',
        outrigger_click_uri: 'shop://orders/17',
        outrigger_media_uri: 'https://example.com/a.jpg',
        outrigger_buttons: '[{"customId":"track","label":"Track","type":"DEEPLINK","uri":"shop://track/17"}]',
      },
      pushType: 'alert',
      priority: 10,
      collapseId: 'order-17',
    });
  });

  it('leaves out what is not given', () => {
    const built = buildApns({ ...PLAIN_MESSAGE, platform: 'apns' });
    assert.deepEqual(built.payload, { aps: { alert: { title: 'Hello' } }, outrigger_message_id: 'm-1' });
  });

  it('is mutable on request, or because media has to be fetched, and not otherwise', () => {
    const aps = (ios: typeof FULL_MESSAGE.ios) => buildApns({ ...PLAIN_MESSAGE, ios }).payload.aps as object;
    assert.ok('mutable-content' in aps({ mutableContent: true }));
    assert.ok('mutable-content' in aps({ mediaUri: 'https://example.com/a.jpg' }));
    assert.ok(!('mutable-content' in aps({ mutableContent: false })));
  });

  it('carries no alert, sound or badge when it is silent, and is sent as background with priority 5', () => {
    const { payload, pushType, priority } = buildApns(silent);
    assert.deepEqual(payload.aps, { 'content-available': 1 });
    assert.equal(payload.order_id, '17');
    assert.deepEqual([pushType, priority], ['background', 5]);
  });

  it('collapses onto the message id when the author gave no key', () => {
    assert.equal(buildApns(PLAIN_MESSAGE).collapseId, 'm-1');
  });
});

describe('buildFcm', () => {
  it('has a place for every field', () => {
    assert.deepEqual(buildFcm({ ...FULL_MESSAGE, platform: 'fcm' }), {
      notification: { title: 'Your order', body: 'is on its way ✓' },
      data: {
        order_id: '17',
        outrigger_message_id: FULL_MESSAGE.messageId,
        outrigger_click_type: 'DEEPLINK',
        outrigger_click_uri: 'shop://orders/17',
        outrigger_buttons: '[{"label":"Track","type":"DEEPLINK","uri":"shop://track/17"}]',
      },
      android: {
        priority: 'HIGH',
        collapse_key: 'order-17',
        notification: {
          channel_id: 'orders',
          image: 'https://example.com/a.jpg',
          icon: 'ic_order',
          sound: 'bell.caf',
          tag: 'order-17',
          visibility: 'PRIVATE',
          notification_priority: 'PRIORITY_HIGH',
          notification_count: 3,
          click_action: 'DEEPLINK',
        },
      },
    });
  });

  it('replaces a duplicate by tag, and keeps the collapse key for the author', () => {
    assert.deepEqual(buildFcm(PLAIN_MESSAGE), {
      notification: { title: 'Hello' },
      data: { outrigger_message_id: 'm-1' },
      android: { notification: { tag: 'm-1' } },
    });
  });

  it('hands an icon that is an address to the app, as FCM takes only drawables', () => {
    const { data, android } = buildFcm({ ...PLAIN_MESSAGE, android: { iconUri: 'https://example.com/i.png' } });
    assert.equal(data.outrigger_icon_uri, 'https://example.com/i.png');
    assert.ok(!('icon' in (android.notification as object)));
  });

  it('is data alone when it is silent', () => {
    const built = buildFcm({ ...silent, platform: 'fcm' });
    assert.ok(!('notification' in built));
    assert.deepEqual(built.android, { priority: 'HIGH', collapse_key: 'order-17' });
    assert.equal(built.data.order_id, '17');
  });

  it('holds text only in data, which is all FCM takes', () => {
    for (const value of Object.values(buildFcm({ ...FULL_MESSAGE, platform: 'fcm' }).data)) {
      assert.equal(typeof value, 'string');
    }
  });
});

describe('payload', () => {
  it('is measured as the bytes that go out', () => {
    for (const platform of ['apns', 'apnsSandbox', 'fcm'] as const) {
      const message = { ...FULL_MESSAGE, platform };
      assert.equal(payloadBytes(message), new TextEncoder().encode(JSON.stringify(buildPayload(message))).length);
    }
  });

  it('never lets custom data take the place of ours or of a platform', () => {
    for (const key of ['aps', 'from', 'message_type', 'google.a', 'gcm.n.e', 'outrigger_message_id']) {
      assert.ok(reservedCustomKey(key), key);
    }
    for (const key of ['order_id', 'from_name', 'apsis', 'url']) assert.ok(!reservedCustomKey(key), key);
  });
});

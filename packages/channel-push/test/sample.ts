import type { PushMessage } from '@outrigger/core';

/** A push message that uses every field. */
export const FULL_MESSAGE: PushMessage = {
  messageId: '018f2f6e-0000-7000-8000-000000000001',
  token: 'token-1',
  platform: 'apns',
  appId: 'com.example.shop',
  pushType: 'message',
  title: 'Your order',
  message: 'is on its way ✓',
  badge: 3,
  soundName: 'bell.caf',
  collapsibleKey: 'order-17',
  interaction: { type: 'DEEPLINK', uri: 'shop://orders/17' },
  customProperties: { order_id: '17' },
  ios: {
    mediaUri: 'https://example.com/a.jpg',
    notificationGroup: 'orders',
    mutableContent: false,
    contentAvailable: true,
    category: 'ORDER',
    buttons: [{ customId: 'track', label: 'Track', type: 'DEEPLINK', uri: 'shop://track/17' }],
  },
  android: {
    mediaUri: 'https://example.com/a.jpg',
    iconUri: 'ic_order',
    channelId: 'orders',
    visibility: 'PRIVATE',
    notificationPriority: 'PRIORITY_HIGH',
    deliveryPriority: 'HIGH',
    buttons: [{ label: 'Track', type: 'DEEPLINK', uri: 'shop://track/17' }],
  },
};

/** The least a push message needs. */
export const PLAIN_MESSAGE: PushMessage = {
  messageId: 'm-1',
  token: 'token-1',
  platform: 'fcm',
  appId: 'com.example.shop',
  pushType: 'message',
  title: 'Hello',
};

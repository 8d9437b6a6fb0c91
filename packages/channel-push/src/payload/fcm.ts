import type { PushMessage } from '@outrigger/core';
import { appData, isAddress } from './app-data.ts';
import { present } from './present.ts';

/** A message of FCM's HTTP v1 API, without the token: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
export type FcmMessage = {
  notification?: Record<string, string>;
  data: Record<string, string>;
  android: Record<string, unknown>;
};

/** A silent push is data alone: nothing is shown unless the app does it. */
export function buildFcm(message: PushMessage): FcmMessage {
  const { title, message: body, collapsibleKey, android } = message;
  const silent = message.pushType === 'silent';
  return present({
    notification: silent ? undefined : present({ title, body }),
    data: appData(message),
    android: present({
      priority: android?.deliveryPriority,
      // Only when the author asks: FCM stores at most four collapse keys a device and drops messages of the others, so
      // a key for each message would lose some. A duplicate is replaced by `tag` instead, which has no such limit.
      collapse_key: collapsibleKey,
      notification: silent ? undefined : androidNotification(message),
    }),
  }) as FcmMessage;
}

function androidNotification(message: PushMessage): Record<string, unknown> {
  const { android, interaction, soundName, badge } = message;
  return present({
    channel_id: android?.channelId,
    image: android?.mediaUri,
    icon: android?.iconUri !== undefined && !isAddress(android.iconUri) ? android.iconUri : undefined,
    sound: soundName,
    tag: message.collapsibleKey ?? message.messageId,
    visibility: android?.visibility,
    notification_priority: android?.notificationPriority,
    notification_count: badge,
    // An intent action, not an address: the app declares a filter for DEEPLINK or WEBURL and reads outrigger_click_uri.
    click_action: interaction?.uri === undefined ? undefined : interaction.type,
  });
}

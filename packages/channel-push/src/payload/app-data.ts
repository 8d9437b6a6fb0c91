import type { PushMessage } from '@outrigger/core';

/**
 * What the app itself reads: the author's custom data, and what neither APNs nor FCM has a field for. The keys are the
 * same on both platforms and every value is text, because FCM carries nothing else.
 */
const OWN_KEYS = {
  /** The ledger's message id: an app that has seen it may drop a possible duplicate. */
  messageId: 'outrigger_message_id',
  /** DEEPLINK or WEBURL; absent when a tap only opens the app. */
  clickType: 'outrigger_click_type',
  clickUri: 'outrigger_click_uri',
  /** iOS: image, video or sound that a notification service extension fetches. */
  mediaUri: 'outrigger_media_uri',
  /** Android: an icon by address; FCM itself takes only the name of a drawable of the app. */
  iconUri: 'outrigger_icon_uri',
  /** JSON array of the buttons. */
  buttons: 'outrigger_buttons',
} as const;

export function appData(message: PushMessage): Record<string, string> {
  const { interaction, platform, ios, android } = message;
  const onAndroid = platform === 'fcm';
  const buttons = onAndroid ? android?.buttons : ios?.buttons;
  const iconUri = android?.iconUri;
  const data: Record<string, string> = { ...message.customProperties, [OWN_KEYS.messageId]: message.messageId };
  if (interaction?.uri !== undefined) {
    data[OWN_KEYS.clickType] = interaction.type;
    data[OWN_KEYS.clickUri] = interaction.uri;
  }
  if (!onAndroid && ios?.mediaUri !== undefined) data[OWN_KEYS.mediaUri] = ios.mediaUri;
  if (onAndroid && iconUri !== undefined && isAddress(iconUri)) data[OWN_KEYS.iconUri] = iconUri;
  if (buttons !== undefined) data[OWN_KEYS.buttons] = JSON.stringify(buttons);
  return data;
}

/** Has a scheme, so it is not the name of something inside the app. */
export function isAddress(text: string): boolean {
  return text.includes('://');
}

/**
 * Keys that custom data may not have: `aps` is APNs' own, the others are FCM's
 * (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages) or ours.
 */
export function reservedCustomKey(key: string): boolean {
  return /^(aps|from|message_type|collapse_key)$|^(google|gcm|outrigger_)/.test(key);
}

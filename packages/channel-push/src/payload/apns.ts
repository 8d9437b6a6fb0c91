import type { PushMessage } from '@outrigger/core';
import { appData } from './app-data.ts';
import { present } from './present.ts';

/** A notification for APNs: the JSON body and what goes into `apns-*` headers. */
export type ApnsNotification = {
  payload: Record<string, unknown>;
  pushType: 'alert' | 'background';
  priority: 5 | 10;
  /** At most 64 bytes. */
  collapseId: string;
};

/**
 * https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification. A silent push carries
 * no alert, sound or badge and must have priority 5, or APNs refuses it.
 */
export function buildApns(message: PushMessage): ApnsNotification {
  const silent = message.pushType === 'silent';
  return {
    payload: { ...appData(message), aps: silent ? { 'content-available': 1 } : visibleAps(message) },
    pushType: silent ? 'background' : 'alert',
    priority: silent ? 5 : 10,
    // The message id, so that a possible duplicate takes the place of the first instead of standing beside it.
    collapseId: message.collapsibleKey ?? message.messageId,
  };
}

function visibleAps({ title, message: body, soundName, badge, ios }: PushMessage): Record<string, unknown> {
  return present({
    alert: present({ title, body }),
    sound: soundName,
    badge,
    'thread-id': ios?.notificationGroup,
    category: ios?.category,
    // Media is fetched by the app's service extension, which runs only for mutable content.
    'mutable-content': ios?.mutableContent || ios?.mediaUri !== undefined ? 1 : undefined,
    'content-available': ios?.contentAvailable ? 1 : undefined,
  });
}

import type { PushMessage } from '@outrigger/core';
import { buildApns } from './apns.ts';
import { buildFcm } from './fcm.ts';

/** APNs and FCM both refuse more (spec 18). */
export const PUSH_PAYLOAD_LIMIT = 4_096;

/** What the platform is given, without the token: for APNs the body, for FCM the message. */
export function buildPayload(message: PushMessage): Record<string, unknown> {
  return message.platform === 'fcm' ? buildFcm(message) : buildApns(message).payload;
}

/** Bytes of the payload as UTF-8 JSON. */
export function payloadBytes(message: PushMessage): number {
  return Buffer.byteLength(JSON.stringify(buildPayload(message)));
}

import type { AttachmentRef } from './attachment.ts';
import type { PushPlatform } from './provider.ts';

/** Free-form data for rendering and addressing: what JSON can hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** One recipient of a call, as accepted (spec 6.3). `aep` reads the stored profile, `external` brings everything along. */
export type Recipient = {
  type: 'aep' | 'external';
  userId: string;
  namespace: string;
  channelData?: {
    emailAddress?: string;
    mobilePhoneNumber?: string;
    pushInfo?: { appID: string; platform: PushPlatform; token: string };
  };
  profile?: JsonObject;
  context?: JsonObject;
  /** Files of their own, for email. */
  attachments?: AttachmentRef[];
  /**
   * A copy of what somebody else gets: whom the mail says that it is to, and which treatment it shows where an experiment would
   * choose. Never part of a call.
   */
  copy?: { to?: string; treatmentId?: string };
  /** A member of an audience: the execution (`CMA-`) whose context all its members share. Never part of a call. */
  audienceExecutionId?: string;
};

/** Settings of a channel configuration that delivery needs; one type a channel. */
export type EmailSettings = {
  from_name?: string;
  from_email: string;
  reply_to_name?: string;
  reply_to_email?: string;
  sender_name?: string;
  sender_email?: string;
  return_path_email?: string;
  /** An archive that gets a copy of each mail that was sent. */
  bcc_email?: string;
  /** Addresses that get what an audience gets, rendered for one test profile. */
  seeds?: { addresses: string[]; profile?: JsonObject };
  /** Rules that choose the domain of From and return path for each person; the first that fits decides. */
  subdomains?: { when: string; domain: string }[];
  /** Dotted path into the profile that overrides the default field `personalEmail.address`. */
  delivery_address_field?: string;
  /** Transactional mail goes to people who are suppressed because of a spam complaint alone (spec 3.2). */
  send_to_complained?: boolean;
};
export type SmsSettings = {
  sender?: string;
  /** Dotted path into the profile that overrides the default field `mobilePhone.number`. */
  delivery_address_field?: string;
};
export type PushSettings = { app_id: string; platforms: PushPlatform[] };

/** A stored push token: an element of the profile's `pushNotificationDetails` array. */
export type PushToken = {
  appID: string;
  platform: PushPlatform;
  token: string;
  /** The push service said that it is dead: when, and of which message. */
  denylisted?: boolean;
  denylistedAt?: string;
  denylistedBy?: string;
};

/** Value at a dotted path of own properties, or undefined. */
export function valueAt(data: JsonObject | undefined, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = data;
  for (const name of path.split('.')) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

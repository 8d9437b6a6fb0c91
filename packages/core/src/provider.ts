import type { Attachment } from './attachment.ts';
import type { DeferralCode, FailureCode, UnknownCode } from './codes.ts';
import type { RcsContent } from './rcs.ts';

/**
 * What a provider says of one message. A provider never throws for an expected answer: refusals and doubts are values.
 * `refused` is certain (the provider did not take the message); `unknown` is everything that is not.
 */
export type SendResult =
  | { kind: 'accepted'; providerMessageId: string }
  | { kind: 'refused'; code: RefusalCode; vendorCode: string; detail?: string; retryAfterMs?: number }
  | { kind: 'unknown'; code: UnknownCode; vendorCode: string; detail?: string };

/** `transient.*` may be tried again, `permanent.*` may not. */
export type RefusalCode =
  | Exclude<DeferralCode, 'policy.paused' | 'transient.attachment'>
  | Extract<FailureCode, 'permanent.recipient' | 'permanent.content' | 'permanent.configuration'>;

/**
 * One provider account, ready to send. Rules every implementation keeps (the conformance suite checks them):
 * one call sends at most once (no retries inside); it settles before `signal` aborts or soon after; an abort after the
 * request went out is `unknown`; `close` may be called twice.
 */
export type Provider<Message> = {
  readonly name: string;
  /** What it can send besides what every provider of its channel can: `mms`, `rcs`. It refuses for good what it cannot. */
  readonly abilities?: readonly string[];
  send(message: Message, signal: AbortSignal): Promise<SendResult>;
  /** Several messages in one call, where the provider has such a call and it is cheaper. */
  readonly many?: SendMany<Message>;
  /**
   * Messages per second that the provider allows this account, where it tells; undefined when it sets no limit. Throws when
   * it does not answer.
   */
  readRate?(): Promise<number | undefined>;
  close(): Promise<void>;
};

/**
 * A call that takes several messages. The rules of `send` hold for the call as a whole: each message goes out at most once; one
 * result a message, in their order; a lost answer leaves every one of them `unknown`.
 */
export type SendMany<Message> = {
  /** The most messages of one call. */
  readonly limit: number;
  /** What the messages of a call have in common, compared by identity; undefined for one that must go by itself. */
  groupOf(message: Message): object | undefined;
  send(messages: Message[], signal: AbortSignal): Promise<SendResult[]>;
};

/**
 * A rendered text as what it is made of: `fixed[0] slots[0] fixed[1] … slots[n-1] fixed[n]`. The fixed texts are the template's
 * own, the same array for every message of a version, so that what is made of them once can be kept; no slot is next to another.
 */
export type Pieces = {
  readonly fixed: readonly string[];
  /** Where `slotsInJson` is there, made when it is first read: nearly nobody does. */
  readonly slots: readonly string[];
  /** The slots as `jsonInJson` gives them, where the render was asked for it: what is fixed in a loop was escaped beforehand. */
  readonly slotsInJson?: readonly string[];
};

/** An email ready to hand over: all values are final text, nothing is a template. */
export type EmailMessage = {
  /** The ledger's message id. It becomes the provider's tag and the local part of Message-ID. */
  messageId: string;
  from: { name?: string; address: string };
  replyTo?: { name?: string; address: string };
  /** Who sends it on behalf of `from` (RFC 5322 section 3.6.2); never equal to it. */
  sender?: { name?: string; address: string };
  /** Where bounces go: the envelope's sender, `from` unless given. */
  returnPath?: string;
  /** Exactly one recipient: an address that passed `parseEmailAddress`. */
  to: string;
  /** Whom the To header names, where that is not `to`: a copy looks like its original. */
  shownTo?: string;
  subject: string;
  html: string;
  text?: string;
  /** AMP for email, shown instead of the HTML by mail programs that know it. */
  amp?: string;
  /** What `html` and `text` are made of, where it is known. Whoever changes one of them must leave its pieces out. */
  pieces?: { html?: Pieces; text?: Pieces };
  /** Extra headers. Names and values have been checked: no line breaks, no control characters. */
  headers: Record<string, string>;
  /** Files, in the order in which they show. A message with some has no pieces: it goes by itself. */
  attachments?: readonly Attachment[];
};

export type SmsMessage = {
  messageId: string;
  /** E.164, for example +4915112345678. */
  to: string;
  /** Sender number or sender id of the channel configuration. */
  from: string;
  /** Of an RCS message: what a phone without RCS gets. */
  text: string;
  /** A picture, sound or film goes with the text: an MMS, and never a text without it. */
  mms?: { title?: string; mediaUri: string };
  rcs?: RcsContent;
  category: 'marketing' | 'transactional';
};

export type PushPlatform = 'apns' | 'apnsSandbox' | 'fcm';

export type PushMessage = {
  messageId: string;
  token: string;
  platform: PushPlatform;
  appId: string;
  pushType: 'message' | 'silent';
  title?: string;
  message?: string;
  badge?: number;
  soundName?: string;
  collapsibleKey?: string;
  interaction?: { type: 'OPENAPP' | 'DEEPLINK' | 'WEBURL'; uri?: string };
  customProperties?: Record<string, string>;
  ios?: {
    mediaUri?: string;
    notificationGroup?: string;
    mutableContent?: boolean;
    contentAvailable?: boolean;
    category?: string;
    buttons?: { customId: string; label: string; type: string; uri?: string }[];
  };
  android?: {
    mediaUri?: string;
    iconUri?: string;
    channelId?: string;
    visibility?: 'PUBLIC' | 'PRIVATE' | 'SECRET';
    notificationPriority?: string;
    deliveryPriority?: 'NORMAL' | 'HIGH';
    buttons?: { label: string; type: string; uri?: string }[];
  };
};

/** What the sandbox provider of every channel keeps so that a developer can look at it. */
export type SandboxRecord = {
  channel: 'email' | 'sms' | 'push';
  messageId: string;
  recipient: string;
  /** email: {from, subject, html, text, headers, raw}; sms: {from, text}; push: {platform, appId, payload}. */
  content: Record<string, unknown>;
};

/** Where the sandbox provider puts what it was given; the worker's main wires it to the store. */
export type KeepSandboxRecord = (record: SandboxRecord) => Promise<void>;

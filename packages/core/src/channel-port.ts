import type { Attachment } from './attachment.ts';
import type { Channel } from './channel.ts';
import type { ExclusionCode, FailureCode } from './codes.ts';
import type { ConsentAddress } from './consent.ts';
import type { Pieces, Provider } from './provider.ts';
import type { JsonObject, PushToken, Recipient } from './recipient.ts';

/**
 * What the pipeline asks of a channel. The pipeline never imports a channel: a worker's main hands it one.
 * `Target` is one address (email, phone number, push token with its platform); a push message may have several.
 */
export type ChannelPort<Settings, Target, Message> = {
  readonly channel: Channel;
  readonly provider: Provider<Message>;
  /** Where this recipient is reached: overrides, then configuration field, then default field, then namespace (spec 7.2). */
  resolveTargets(input: ResolveInput<Settings>): { targets: Target[] } | { excluded: ExclusionCode; detail: string };
  /** The address under which suppression is looked up, or undefined where the channel has no suppression list. */
  suppressionAddress(target: Target): string | undefined;
  /** How the consents of a person name this address, or undefined where a channel has no choices by address (spec 10.3). */
  consentAddress(target: Target): ConsentAddress | undefined;
  /** Where a copy of a message that was sent goes, for channels that have archives. */
  archiveOf?(settings: Settings, target: Target): Pick<Recipient, 'channelData' | 'copy'> | undefined;
  /** The push token that a message goes to, in channels whose addresses can die for good. */
  tokenOf?(message: Message): Pick<PushToken, 'appID' | 'platform' | 'token'>;
  /** Whether `compose` is content with pieces in JSON: it reads parts by name, and few of the texts that are made when they are read. */
  readonly composesFromJson?: boolean;
  /** Builds the final message. Anything that rendered values could break (line breaks, lengths) ends here as a value. */
  compose(input: ComposeInput<Settings, Target>): { message: Message } | Uncomposed;
};

/** Why there is no message: it cannot be made of this data, or the author wants none for this person. */
export type Uncomposed = { failed: FailureCode; detail: string } | { excluded: ExclusionCode; detail: string };

export type ResolveInput<Settings> = {
  recipient: Recipient;
  /** Stored profile merged with the payload's `profile` (payload wins); undefined when there is neither. */
  profile: JsonObject | undefined;
  settings: Settings;
  /** Where the sandbox says that addresses stand in a profile, unless the settings name a field (spec 7.2, level 3). */
  workspaceField?: string;
};

export type ComposeInput<Settings, Target> = {
  messageId: string;
  target: Target;
  settings: Settings;
  category: 'marketing' | 'transactional';
  /** Rendered parts by name, for example email: subject, html, text. */
  parts: Record<string, string>;
  /** What some of the parts are made of, by the same names. */
  pieces?: Record<string, Pieces> | undefined;
  /** Whom the message says that it is to, where that is not whom it goes to (a copy). */
  shownTo?: string | undefined;
  /** Files that go with it, for channels that can. */
  attachments?: readonly Attachment[] | undefined;
  /** The version's content, for what is not a template (flags, enums). */
  content: JsonObject;
};

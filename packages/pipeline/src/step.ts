import type { VersionDefinition } from '@outrigger/contracts';
import type { Attachment, Consents, JsonObject, Outcome } from '@outrigger/core';
import type { ClaimedMessage } from '@outrigger/store';
import type { LoadedVersion } from './version-cache.ts';

/**
 * A message on its way through the stages: it goes on with what the next stage needs, or stops with its outcome.
 * Stages pass stopped messages through untouched.
 */
export type Step<Go> = { message: ClaimedMessage; go: Go } | { message: ClaimedMessage; stop: Outcome };

/** After resolve and gate: who and where, with the data that the content sees. */
export type Resolved<Settings, Target> = {
  version: LoadedVersion<Settings>;
  targets: Target[];
  data: { profile: JsonObject; context: JsonObject };
  /** Of the stored profile only: what a call brings along is no consent. */
  consents: Consents;
  /** Files that go with the message, once they were read. */
  attachments?: Attachment[];
};

/** After render: final messages, one a target (a push message may have several). */
export type Rendered<Settings, Message> = {
  version: LoadedVersion<Settings>;
  messages: Message[];
  /** What `metadata` tags of the content noted. */
  metadata?: Record<string, string>;
};

export type { VersionDefinition };

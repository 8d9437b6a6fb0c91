import { type Consents, comparableConsents, type JsonObject, mergePatch, type PushToken } from '@outrigger/core';
import type { ProfileInput, UpsertMode } from './profile-upsert.ts';

/** Everything of a profile but its identities. */
export type ProfileState = {
  attributes: JsonObject;
  consents: Consents;
  timeZone: string | null;
  language: string | null;
  pushTokens: PushToken[];
  modifiedAt?: Date;
};

const EMPTY: ProfileState = { attributes: {}, consents: {}, timeZone: null, language: null, pushTokens: [] };

/** What a profile is after an input was written over it. */
export function patchedState(stored: ProfileState | undefined, input: ProfileInput, mode: UpsertMode): ProfileState {
  const before = stored ?? EMPTY;
  const base = mode === 'replace' ? { ...EMPTY, consents: before.consents } : before;
  return {
    attributes: patched(base.attributes, input.attributes),
    consents: input.consents ? patched(base.consents, comparableConsents(input.consents)) : base.consents,
    timeZone: input.timeZone === undefined ? base.timeZone : input.timeZone,
    language: input.language === undefined ? base.language : input.language,
    pushTokens: input.pushTokens ? unitedTokens(base.pushTokens, input.pushTokens) : base.pushTokens,
  };
}

/** A merge patch also of nothing: its nulls take members away, they are never stored. */
function patched<Document>(stored: Document, patch: Document | undefined): Document {
  return patch === undefined ? stored : (mergePatch(stored as JsonObject, patch as JsonObject) as Document);
}

/** Tokens by app, platform and token; what is given later wins, so that a token can be marked dead or alive again. */
export function unitedTokens(stored: PushToken[], given: PushToken[]): PushToken[] {
  const byToken = new Map(
    [...stored, ...given].map((token) => [JSON.stringify([token.appID, token.platform, token.token]), token]),
  );
  return [...byToken.values()];
}

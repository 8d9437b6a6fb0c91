import type { JsonValue, PushPlatform, PushSettings, ResolveInput } from '@outrigger/core';
import { valueAt } from '@outrigger/core';

/** One installation of the app. */
export type PushTarget = { token: string; platform: PushPlatform; appId: string };

type Excluded = { excluded: '050030' | '050031' | '050033' | '050034'; detail: string };
type Resolved = { targets: PushTarget[] } | Excluded;

const TOKENS_FIELD = 'pushNotificationDetails';

/** Tokens of APNs and FCM are visible ASCII; the longest seen are below 300 characters, the limit is the API's. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/**
 * The installations to send to (spec 7.2): the call's own token, else every token of the profile for the configured app
 * and platforms. `apns` and `apnsSandbox` are different platforms: a mismatch is excluded (spec 3.4).
 */
export function resolvePushTargets({ recipient, profile, settings }: ResolveInput<PushSettings>): Resolved {
  if (settings.app_id === '' || settings.platforms.length === 0) {
    return { excluded: '050033', detail: 'The channel configuration names no app or no platform.' };
  }
  const pushInfo = recipient.channelData?.pushInfo;
  return pushInfo === undefined ? fromProfile(valueAt(profile, TOKENS_FIELD), settings) : fromCall(pushInfo, settings);
}

function fromCall(pushInfo: StoredToken, settings: PushSettings): Resolved {
  if (pushInfo.appID !== settings.app_id) {
    return {
      excluded: '050033',
      detail: 'The appID of channelData.pushInfo is not that of the channel configuration.',
    };
  }
  if (!settings.platforms.includes(pushInfo.platform)) {
    return { excluded: '050031', detail: `The channel configuration does not send to ${pushInfo.platform}.` };
  }
  if (!TOKEN.test(pushInfo.token))
    return { excluded: '050031', detail: 'The token of channelData.pushInfo is malformed.' };
  return { targets: [targetOf(pushInfo)] };
}

function fromProfile(details: JsonValue | undefined, settings: PushSettings): Resolved {
  if (details === undefined || details === null) return noToken();
  if (!Array.isArray(details)) return malformed();
  if (details.length === 0) return noToken();
  const stored = details.filter(isStoredToken);
  const fitting = stored.filter(
    ({ appID, platform, denylisted }) =>
      appID === settings.app_id && settings.platforms.includes(platform) && denylisted !== true,
  );
  // A malformed element costs only itself, unless nothing is left.
  if (fitting.length > 0) return { targets: distinct(fitting).map(targetOf) };
  if (stored.length < details.length) return malformed();
  const wanted = `${settings.app_id} on ${settings.platforms.join(', ')}`;
  return { excluded: '050031', detail: `None of ${stored.length} tokens is a live one for ${wanted}.` };
}

const noToken = (): Excluded => ({ excluded: '050030', detail: `The profile has no token in ${TOKENS_FIELD}.` });
const malformed = (): Excluded => ({
  excluded: '050034',
  detail: `${TOKENS_FIELD} is not an array of {appID, platform, token}.`,
});

type StoredToken = { appID: string; platform: PushPlatform; token: string; denylisted?: JsonValue };

function isStoredToken(element: JsonValue): element is StoredToken {
  if (element === null || typeof element !== 'object' || Array.isArray(element)) return false;
  const { appID, platform, token } = element;
  return typeof appID === 'string' && typeof platform === 'string' && typeof token === 'string' && TOKEN.test(token);
}

/** The same token twice would be the same message twice on one phone. */
function distinct(tokens: StoredToken[]): StoredToken[] {
  const byToken = new Map(tokens.map((stored) => [`${stored.platform} ${stored.token}`, stored]));
  return [...byToken.values()];
}

function targetOf({ token, platform, appID }: StoredToken): PushTarget {
  return { token, platform, appId: appID };
}

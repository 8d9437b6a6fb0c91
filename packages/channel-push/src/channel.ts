import type { ChannelPort, Provider, PushMessage, PushSettings } from '@outrigger/core';
import { composePush } from './compose.ts';
import { type PushTarget, resolvePushTargets } from './resolve.ts';

/** Push as the pipeline sees it. A token that is dead is denylisted on its profile, so there is no suppression list. */
export function createPushChannel(provider: Provider<PushMessage>): ChannelPort<PushSettings, PushTarget, PushMessage> {
  return {
    channel: 'push',
    provider,
    resolveTargets: resolvePushTargets,
    suppressionAddress: () => undefined,
    // Holding a token is consent; the explicit opt-out is the channel's (spec 10.2).
    consentAddress: () => undefined,
    tokenOf: ({ appId, platform, token }) => ({ appID: appId, platform, token }),
    compose: composePush,
  };
}

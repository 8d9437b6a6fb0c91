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
    compose: composePush,
  };
}

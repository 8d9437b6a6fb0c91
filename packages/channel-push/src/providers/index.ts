import type { Provider, PushMessage } from '@outrigger/core';
import { z } from 'zod';
import type { PushProviderDependencies } from './definition.ts';
import { sandboxProvider } from './sandbox/index.ts';
import { snsProvider } from './sns/index.ts';

/** Every push provider. A new one is a folder beside this file and a line here. */
export const PUSH_PROVIDERS = {
  sandbox: sandboxProvider,
  sns: snsProvider,
} as const;

type Definition = (typeof PUSH_PROVIDERS)[keyof typeof PUSH_PROVIDERS];

/** The environment of a push worker, told apart by PUSH_PROVIDER. */
export const pushProviderConfig = z.discriminatedUnion(
  'PUSH_PROVIDER',
  Object.values<Definition>(PUSH_PROVIDERS).map((definition) => definition.config) as [
    Definition['config'],
    ...Definition['config'][],
  ],
);
export type PushProviderConfig = z.output<typeof pushProviderConfig>;

/** The provider that a parsed configuration asks for. */
export function createPushProvider(
  config: PushProviderConfig,
  dependencies: PushProviderDependencies,
): Provider<PushMessage> {
  const definition: Definition = PUSH_PROVIDERS[config.PUSH_PROVIDER];
  // The compiler cannot see that a definition and a config found by the same name belong together.
  return definition.create(config as never, dependencies);
}

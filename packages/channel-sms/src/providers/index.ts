import type { Provider, SmsMessage } from '@outrigger/core';
import { z } from 'zod';
import type { SmsProviderDependencies } from './definition.ts';
import { httpProvider } from './http/index.ts';
import { sandboxProvider } from './sandbox/index.ts';
import { snsProvider } from './sns/index.ts';

/** Every SMS provider. A new one is a folder beside this file and a line here. */
export const SMS_PROVIDERS = {
  http: httpProvider,
  sandbox: sandboxProvider,
  sns: snsProvider,
} as const;

type Definition = (typeof SMS_PROVIDERS)[keyof typeof SMS_PROVIDERS];

/** The environment of an SMS worker, told apart by SMS_PROVIDER. */
export const smsProviderConfig = z.discriminatedUnion(
  'SMS_PROVIDER',
  Object.values<Definition>(SMS_PROVIDERS).map((definition) => definition.config) as [
    Definition['config'],
    ...Definition['config'][],
  ],
);
export type SmsProviderConfig = z.output<typeof smsProviderConfig>;

/** The provider that a parsed configuration asks for. */
export function createSmsProvider(
  config: SmsProviderConfig,
  dependencies: SmsProviderDependencies,
): Provider<SmsMessage> {
  const definition: Definition = SMS_PROVIDERS[config.SMS_PROVIDER];
  // The compiler cannot see that a definition and a config found by the same name belong together.
  return definition.create(config as never, dependencies);
}

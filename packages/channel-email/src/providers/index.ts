import type { EmailMessage, Provider } from '@outrigger/core';
import { z } from 'zod';
import type { EmailProviderDependencies } from './definition.ts';
import { sandboxProvider } from './sandbox/index.ts';
import { sesProvider } from './ses/index.ts';
import { smtpProvider } from './smtp/index.ts';

/** Every email provider. A new one is a folder beside this file and a line here. */
export const EMAIL_PROVIDERS = {
  sandbox: sandboxProvider,
  ses: sesProvider,
  smtp: smtpProvider,
} as const;

type Definition = (typeof EMAIL_PROVIDERS)[keyof typeof EMAIL_PROVIDERS];

/** The environment of an email worker, told apart by EMAIL_PROVIDER. */
export const emailProviderConfig = z.discriminatedUnion(
  'EMAIL_PROVIDER',
  Object.values<Definition>(EMAIL_PROVIDERS).map((definition) => definition.config) as [
    Definition['config'],
    ...Definition['config'][],
  ],
);
export type EmailProviderConfig = z.output<typeof emailProviderConfig>;

/** The provider that a parsed configuration asks for. */
export function createEmailProvider(
  config: EmailProviderConfig,
  dependencies: EmailProviderDependencies,
): Provider<EmailMessage> {
  const definition: Definition = EMAIL_PROVIDERS[config.EMAIL_PROVIDER];
  // The compiler cannot see that a definition and a config found by the same name belong together.
  return definition.create(config as never, dependencies);
}

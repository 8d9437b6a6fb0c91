import type { EmailMessage, KeepSandboxRecord, Provider } from '@outrigger/core';
import type { z } from 'zod';

/** What a provider may be given by the worker's main. */
export type EmailProviderDependencies = { keep: KeepSandboxRecord };

/**
 * What a provider folder exports. `config` is an object schema whose keys are environment variable names, each with a
 * description, secrets with `.meta({ secret: true })`, and `EMAIL_PROVIDER: z.literal(name)` among them: validation,
 * masking and docs/configuration.md follow from it.
 */
export type EmailProviderDefinition<Config extends z.ZodObject> = {
  name: string;
  config: Config;
  create(config: z.output<Config>, dependencies: EmailProviderDependencies): Provider<EmailMessage>;
};

import type { KeepSandboxRecord, Provider, PushMessage } from '@outrigger/core';
import type { z } from 'zod';

/** What a provider may be given by the worker's main. */
export type PushProviderDependencies = { keep: KeepSandboxRecord };

/**
 * What a provider folder exports. `config` is an object schema whose keys are environment variable names, each with a
 * description, secrets with `.meta({ secret: true })`, and `PUSH_PROVIDER: z.literal(name)` among them: validation,
 * masking and docs/configuration.md follow from it.
 */
export type PushProviderDefinition<Config extends z.ZodObject> = {
  name: string;
  config: Config;
  create(config: z.output<Config>, dependencies: PushProviderDependencies): Provider<PushMessage>;
};

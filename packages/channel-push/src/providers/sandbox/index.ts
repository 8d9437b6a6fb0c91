import type { PushProviderDefinition } from '../definition.ts';
import { sandboxConfig } from './config.ts';
import { createSandboxProvider } from './send.ts';

export const sandboxProvider: PushProviderDefinition<typeof sandboxConfig> = {
  name: 'sandbox',
  config: sandboxConfig,
  create: (_config, { keep }) => createSandboxProvider(keep),
};

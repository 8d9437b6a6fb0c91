import type { EmailProviderDefinition } from '../definition.ts';
import { sandboxConfig } from './config.ts';
import { createSandboxProvider } from './send.ts';

export const sandboxProvider: EmailProviderDefinition<typeof sandboxConfig> = {
  name: 'sandbox',
  config: sandboxConfig,
  create: (_config, { keep }) => createSandboxProvider(keep),
};

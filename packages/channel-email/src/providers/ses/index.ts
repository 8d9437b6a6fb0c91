import type { EmailProviderDefinition } from '../definition.ts';
import { sesConfig } from './config.ts';
import { createSesProvider } from './send.ts';

export const sesProvider: EmailProviderDefinition<typeof sesConfig> = {
  name: 'ses',
  config: sesConfig,
  create: (config) => createSesProvider(config),
};

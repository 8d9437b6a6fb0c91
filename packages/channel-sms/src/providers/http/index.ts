import type { SmsProviderDefinition } from '../definition.ts';
import { httpConfig } from './config.ts';
import { createHttpProvider } from './send.ts';

export const httpProvider: SmsProviderDefinition<typeof httpConfig> = {
  name: 'http',
  config: httpConfig,
  create: (config) => createHttpProvider(config),
};

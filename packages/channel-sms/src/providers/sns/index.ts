import type { SmsProviderDefinition } from '../definition.ts';
import { snsConfig } from './config.ts';
import { createSnsProvider } from './send.ts';

export const snsProvider: SmsProviderDefinition<typeof snsConfig> = {
  name: 'sns',
  config: snsConfig,
  create: (config) => createSnsProvider(config),
};

import type { PushProviderDefinition } from '../definition.ts';
import { snsConfig } from './config.ts';
import { createSnsProvider } from './send.ts';

export const snsProvider: PushProviderDefinition<typeof snsConfig> = {
  name: 'sns',
  config: snsConfig,
  create: (config) => createSnsProvider(config),
};

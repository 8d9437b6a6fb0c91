import type { EmailProviderDefinition } from '../definition.ts';
import { smtpConfig } from './config.ts';
import { createSmtpProvider } from './send.ts';

export const smtpProvider: EmailProviderDefinition<typeof smtpConfig> = {
  name: 'smtp',
  config: smtpConfig,
  create: (config) => createSmtpProvider(config),
};

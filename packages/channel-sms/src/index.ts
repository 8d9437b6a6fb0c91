export { createSmsChannel } from './channel.ts';
export type { SmsProviderDefinition, SmsProviderDependencies } from './providers/definition.ts';
export { createSmsProvider, SMS_PROVIDERS, type SmsProviderConfig, smsProviderConfig } from './providers/index.ts';
export { SANDBOX_NUMBERS } from './providers/sandbox/codes.ts';
export { resolveSmsTargets, type SmsTarget } from './resolve.ts';

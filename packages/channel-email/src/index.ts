export { composeEmail, createEmailChannel, type EmailTarget, resolveEmailTargets } from './channel.ts';
export { assembleMime, buildMime, type MimePart, messageIdHeader, textPart } from './mime.ts';
export { reservedHeader } from './mime-header.ts';
export type { EmailProviderDefinition, EmailProviderDependencies } from './providers/definition.ts';
export {
  createEmailProvider,
  EMAIL_PROVIDERS,
  type EmailProviderConfig,
  emailProviderConfig,
} from './providers/index.ts';
export { SANDBOX_RECIPIENTS } from './providers/sandbox/codes.ts';
export { readSesFeedback } from './providers/ses/feedback.ts';
export { SES_MESSAGE_TAG } from './providers/ses/request.ts';

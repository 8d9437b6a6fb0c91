import { z } from 'zod';
import { subdomainRules, subdomainTemplate } from './dynamic-subdomain.ts';
import { freeObject } from './execution.ts';
import { providerPool } from './provider-pool.ts';
import { smsKeywords } from './sms-keywords.ts';

const name = z
  .string()
  .regex(/^[A-Za-z][\w.-]*$/, 'starts with a letter; letters, digits, _ . - only')
  .max(100);
const category = z.enum(['Marketing', 'Transactional']);
/** An address, or a template that yields one. What it is worth is checked when the configuration is submitted. */
const address = z.string().min(3).max(500);
const displayName = z.string().max(500);
/** A marketing action that replaces the sandbox's consent rule for the messages of this configuration (spec 10.2). */
const consentMode = z.enum(['opt-out', 'opt-in']);
const dottedPath = z
  .string()
  .regex(/^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)*$/, 'is a dotted path into the profile, such as work.email')
  .max(255);

/** Bare domains: no scheme, no path, no slash at the end (spec 13.3). */
const linkDomains = z
  .array(
    z
      .string()
      .regex(
        /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
        'is a bare domain, such as shop.example',
      ),
  )
  .min(1)
  .max(100);

/** Own addresses at the mailbox providers that matter, and whose data the copies are rendered with (spec 3.2). */
const seedList = z.strictObject({
  addresses: z.array(address).min(1).max(300),
  profile: freeObject.optional(),
});

/** Who an email comes from (spec 3.2). All but `return_path_email` may be templates. */
const emailSettings = z.strictObject({
  from_name: displayName.optional(),
  from_email: address,
  reply_to_name: displayName.optional(),
  reply_to_email: address.optional(),
  sender_name: displayName.optional(),
  sender_email: address.optional().describe('adds a Sender header where it differs from From'),
  return_path_email: address.optional().describe('where bounces go (the error address)'),
  bcc_email: address
    .optional()
    .describe('an archive outside the sending domains; gets a copy of each mail that was sent'),
  seeds: seedList.optional().describe('addresses that get a copy of what an audience gets; reports ignore them'),
  subdomains: subdomainRules
    .optional()
    .describe('takes the place of the domain of from_email and return_path_email; who fits no row gets no mail'),
  link_domains: linkDomains
    .optional()
    .describe('where links of the HTML may lead whose host comes from data, subdomains included; others become #'),
  send_to_complained: z.boolean().optional().describe('transactional mail also to people who complained about spam'),
  retry_period_minutes: z.number().int().min(10).max(5_040).optional(),
  delivery_address_field: dottedPath.optional(),
  consent_mode: consentMode.optional(),
  provider_pool: providerPool.optional(),
});
const smsSettings = z.strictObject({
  sender: z.string().min(1).max(20).optional(),
  keywords: smsKeywords
    .optional()
    .describe('texts that people send to the sender, where it is a number that takes them'),
  retry_period_minutes: z.number().int().min(10).max(5_040).optional(),
  delivery_address_field: dottedPath.optional(),
  consent_mode: consentMode.optional(),
  provider_pool: providerPool.optional(),
});
const pushSettings = z.strictObject({
  app_id: z.string().min(1).max(255),
  platforms: z.array(z.enum(['apns', 'apnsSandbox', 'fcm'])).min(1),
  retry_period_minutes: z.number().int().min(10).max(5_040).optional(),
  consent_mode: consentMode.optional(),
  provider_pool: providerPool.optional(),
});

/** Complete settings of each channel: what a configuration must have before it serves. */
export const CONFIGURATION_SETTINGS = { email: emailSettings, sms: smsSettings, push: pushSettings } as const;

const draftSettings = {
  EMAIL: emailSettings.partial(),
  SMS: smsSettings.partial(),
  PUSH: pushSettings.partial(),
} as const;

const members = {
  name,
  description: z.string().max(2_000).default(''),
  category,
  highThroughputMode: z.boolean().default(false).describe('serves high-throughput campaigns and nothing else'),
  draft: z.boolean().default(false).describe('true: keep it as a draft; false: submit it at once'),
};

/** A channel configuration (surface): who a message comes from (spec 3). A draft may be incomplete. */
export const channelConfigurationInput = z.discriminatedUnion('channel', [
  z.strictObject({ channel: z.literal('EMAIL'), ...members, settings: draftSettings.EMAIL }),
  z.strictObject({ channel: z.literal('SMS'), ...members, settings: draftSettings.SMS }),
  z.strictObject({ channel: z.literal('PUSH'), ...members, settings: draftSettings.PUSH }),
]);
z.globalRegistry.add(channelConfigurationInput, { id: 'ChannelConfigurationInput' });
export type ChannelConfigurationInput = z.infer<typeof channelConfigurationInput>;

/** The name of a copy. */
export const duplicateConfiguration = z.strictObject({ name });

const change = {
  name: name.optional(),
  description: z.string().max(2_000).optional(),
  category: category.optional(),
  highThroughputMode: z.boolean().optional(),
};
/** A change of a configuration: what is left out stays; `settings` are replaced whole. */
export const channelConfigurationChange = {
  email: z.strictObject({ ...change, settings: draftSettings.EMAIL.optional() }),
  sms: z.strictObject({ ...change, settings: draftSettings.SMS.optional() }),
  push: z.strictObject({ ...change, settings: draftSettings.PUSH.optional() }),
} as const;

/** Settings that may be templates; rendered for each message under the part name `setting:<name>`. */
const TEMPLATE_SETTINGS = [
  'from_name',
  'from_email',
  'reply_to_name',
  'reply_to_email',
  'sender_name',
  'sender_email',
] as const;

/** The settings of a configuration that are templates, by name. */
export function templateSettings(settings: Record<string, unknown>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const setting of TEMPLATE_SETTINGS) {
    const value = settings[setting];
    if (typeof value === 'string' && /\{[{%]/.test(value)) found[setting] = value;
  }
  const rules = subdomainRules.safeParse(settings.subdomains);
  if (rules.success) found.subdomain = subdomainTemplate(rules.data);
  return found;
}

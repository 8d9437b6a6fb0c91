import { z } from 'zod';
import { channelPackage } from './content/index.ts';
import { providerPool } from './provider-pool.ts';

const instant = z.iso.datetime({ offset: true });

/** What an author defines: the seven steps as data (spec 2.1). A draft may be incomplete; activation checks the rest. */
export const campaignDefinition = z.strictObject({
  name: z.string().min(1).max(255),
  description: z.string().max(2_000).default(''),
  campaignType: z.literal('ApiTriggered').default('ApiTriggered'),
  category: z.enum(['Marketing', 'Transactional']),
  highThroughputMode: z.boolean().default(false),
  identityNamespace: z.string().min(1).max(64).optional(),
  /** Whom a marketing campaign reaches (spec 2.1): one of the sandbox's audiences. */
  audience: z
    .strictObject({
      audienceId: z.uuid(),
      audienceType: z.enum(['all', 'external', 'targeted']).default('targeted'),
    })
    .optional(),
  createNewProfile: z.boolean().default(false),
  enableWebhooks: z.boolean().default(false),
  schedule: z
    .strictObject({
      startDate: instant.optional(),
      startDateEnabled: z.boolean().default(false),
      endDate: instant.optional(),
      endDateEnabled: z.boolean().default(false),
    })
    .optional(),
  packages: z.array(channelPackage).max(1, 'an API-triggered campaign has one channel action').default([]),
  /** At most so many messages of this campaign a second, over all workers. */
  throttleRatePerSec: z.number().int().min(1).max(2_000).optional(),
  /** Ours: how long a message may wait to be handed over, and what happens when its outcome cannot be known. */
  delivery: z
    .strictObject({
      deadlineMinutes: z.number().int().min(1).max(5_040).optional(),
      onUnknown: z.enum(['resend', 'hold']).optional(),
      retry: z
        .strictObject({
          maxAttempts: z.number().int().min(1).max(100).optional(),
          baseMs: z.number().int().min(100).max(3_600_000).optional(),
          capMs: z.number().int().min(100).max(3_600_000).optional(),
        })
        .optional(),
    })
    .optional(),
});
z.globalRegistry.add(campaignDefinition, { id: 'CampaignDefinition' });
export type CampaignDefinition = z.infer<typeof campaignDefinition>;

/** What a frozen version carries besides the author's definition, decided at activation. */
export type VersionDefinition = {
  campaign_id: string;
  /** For `context.system.source`; absent in versions frozen before they were kept. */
  campaign_name?: string;
  action_name?: string | null;
  channel: 'email' | 'sms' | 'push';
  lane_class: 'standard' | 'ht' | 'bulk';
  category: 'marketing' | 'transactional';
  identity_namespace: string;
  /** The stored audience of a marketing campaign; absent or null: each call names one. */
  audience_id?: string | null;
  create_new_profile: boolean;
  high_throughput: boolean;
  start_at: string | null;
  end_at: string | null;
  deadline_ms: number;
  rate_per_second: number | null;
  /** Absent in versions frozen before there was a choice. */
  retry?: { maxAttempts: number; baseMs: number; capMs: number };
  on_unknown: 'resend' | 'hold';
  content: CampaignDefinition['packages'][number]['content'];
};

const emailAddress = z.string().min(3).max(320);
const dottedPath = z
  .string()
  .regex(/^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)*$/)
  .max(255);

/** A marketing action that replaces the sandbox's consent rule for the messages of this configuration (spec 10.2). */
const consentMode = z.enum(['opt-out', 'opt-in']);

/** A channel configuration (surface): who a message comes from (spec 3). */
export const channelConfigurationInput = z.discriminatedUnion('channel', [
  z.strictObject({
    channel: z.literal('EMAIL'),
    name: z
      .string()
      .regex(/^[A-Za-z][\w.-]*$/, 'starts with a letter; letters, digits, _ . - only')
      .max(100),
    category: z.enum(['Marketing', 'Transactional']),
    settings: z.strictObject({
      from_name: z.string().max(200).optional(),
      from_email: emailAddress,
      reply_to_name: z.string().max(200).optional(),
      reply_to_email: emailAddress.optional(),
      delivery_address_field: dottedPath.optional(),
      consent_mode: consentMode.optional(),
      provider_pool: providerPool.optional(),
    }),
  }),
  z.strictObject({
    channel: z.literal('SMS'),
    name: z
      .string()
      .regex(/^[A-Za-z][\w.-]*$/, 'starts with a letter; letters, digits, _ . - only')
      .max(100),
    category: z.enum(['Marketing', 'Transactional']),
    settings: z.strictObject({
      sender: z.string().min(1).max(20).optional(),
      delivery_address_field: dottedPath.optional(),
      consent_mode: consentMode.optional(),
      provider_pool: providerPool.optional(),
    }),
  }),
  z.strictObject({
    channel: z.literal('PUSH'),
    name: z
      .string()
      .regex(/^[A-Za-z][\w.-]*$/, 'starts with a letter; letters, digits, _ . - only')
      .max(100),
    category: z.enum(['Marketing', 'Transactional']),
    settings: z.strictObject({
      app_id: z.string().min(1).max(255),
      platforms: z.array(z.enum(['apns', 'apnsSandbox', 'fcm'])).min(1),
      consent_mode: consentMode.optional(),
      provider_pool: providerPool.optional(),
    }),
  }),
]);
z.globalRegistry.add(channelConfigurationInput, { id: 'ChannelConfigurationInput' });
export type ChannelConfigurationInput = z.infer<typeof channelConfigurationInput>;

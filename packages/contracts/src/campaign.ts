import { z } from 'zod';
import { type AuthoredTreatment, channelPackage } from './content/index.ts';
import { instantText } from './instant.ts';

/** A name or id that people read: no control characters. */
export const plainText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not have control characters');
/** Tags may change in any status, without a new version (spec 5.2). */
export const campaignTags = z.array(plainText(100)).max(50);

/** What an author defines: the seven steps as data (spec 2.1). A draft may be incomplete; activation checks the rest. */
export const campaignDefinition = z.strictObject({
  name: plainText(255),
  description: z.string().max(2_000).default(''),
  tags: campaignTags.default([]),
  labelObjects: z
    .array(
      z.strictObject({
        labelId: plainText(100),
        labelName: plainText(255).optional(),
        labelCategory: plainText(100).optional(),
      }),
    )
    .max(50)
    .optional(),
  parentFolderId: plainText(100).optional(),
  campaignType: z.literal('ApiTriggered').default('ApiTriggered'),
  category: z.enum(['Marketing', 'Transactional']),
  highThroughputMode: z.boolean().default(false),
  identityNamespace: z.string().min(1).max(64).optional(),
  /**
   * Whom a marketing campaign reaches (spec 2.1): one of the sandbox's audiences. A transactional one gets its recipients with
   * each call.
   */
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
      startDate: instantText.optional(),
      startDateEnabled: z.boolean().default(false),
      endDate: instantText.optional(),
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

/** A file that the ledger has a copy of, by the SHA-256 of its bytes. */
export type FrozenFile = { digest: string; bytes: number };

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
  create_new_profile: boolean;
  high_throughput: boolean;
  /** The stored audience of a marketing campaign; null for a transactional one. */
  audience_id?: string | null;
  /** Whether feedback events of this version's messages go to the tenant's webhook. */
  enable_webhooks?: boolean;
  start_at: string | null;
  end_at: string | null;
  deadline_ms: number;
  rate_per_second: number | null;
  /** Absent in versions frozen before there was a choice. */
  retry?: { maxAttempts: number; baseMs: number; capMs: number };
  on_unknown: 'resend' | 'hold';
  content: CampaignDefinition['packages'][number]['content'];
  /** The files of `content.attachments` and of treatments as they were at activation: path to digest and size. */
  files?: Record<string, FrozenFile>;
  /** The arms of an experiment; absent without one. `compiled.treatments` has their compiled contents. */
  treatments?: AuthoredTreatment[];
};

import { setImmediate } from 'node:timers/promises';
import {
  type ChannelPackage,
  campaignDefinition,
  type Preview,
  type PreviewItem,
  type Variant,
  variantsOf,
} from '@outrigger/contracts';
import { type JsonObject, systemContext, uuidv7 } from '@outrigger/core';
import { type CompiledContent, type ContentProblem, type LoadedContent, loadContent } from '@outrigger/render';
import { type Campaign, type Pool, readProfiles, readVersion } from '@outrigger/store';
import { type CompiledVariants, compileVariants } from './compile-variants.ts';
import { actionOf, draftOf } from './definition.ts';
import { previewBody } from './preview-body.ts';
import { readSources } from './sources.ts';

export type Previewed =
  | { kind: 'rendered'; previews: Preview[] }
  | { kind: 'no_content' }
  | { kind: 'invalid'; problems: ContentProblem[] }
  | { kind: 'unknown_profile'; item: PreviewItem }
  | { kind: 'failed'; item: PreviewItem; part: string; message: string };

/** What is rendered for each person: the variants of a draft or of a frozen version. */
type Shown = {
  variants: (Variant & { content: LoadedContent })[];
  settings: Record<string, unknown>;
  versionId: string;
  campaignName: string;
};

/**
 * Renders what the campaign would send to each of these people, in each variant of its content: the draft where there is one, or
 * else the live version, by what renders the messages themselves. Nothing is stored and nothing is sent. All or nothing: the first
 * person for whom it fails is named.
 */
export async function previewCampaign(pool: Pool, campaign: Campaign, items: PreviewItem[]): Promise<Previewed> {
  const shown = await shownOf(pool, campaign);
  if ('kind' in shown) return shown;
  const profiles = await profilesOf(pool, campaign, items);
  const previews: Preview[] = [];
  for (const [place, item] of items.entries()) {
    const profile = profiles[place];
    if (!profile) return { kind: 'unknown_profile', item };
    for (const variant of shown.variants) {
      const rendered = variant.content.render({ profile, context: contextOf(campaign, shown, variant, item) });
      if ('failed' in rendered) return { kind: 'failed', item, ...rendered.failed };
      previews.push({ profileId: item.userId, ...previewBody(variant, shown.settings, rendered.parts) });
      // A render may take its whole time limit; others are answered in between.
      await setImmediate();
    }
  }
  return { kind: 'rendered', previews };
}

async function shownOf(
  pool: Pool,
  campaign: Campaign,
): Promise<Shown | Extract<Previewed, { kind: 'no_content' | 'invalid' }>> {
  const draft = draftOf(campaign);
  if (!draft) {
    const version = campaign.liveVersionId ? await readVersion(pool, campaign.liveVersionId) : undefined;
    const authored = version?.authored ? campaignDefinition.parse(version.authored) : undefined;
    const action = authored && actionOf(authored);
    if (!version || !action) return { kind: 'no_content' };
    const { settings, versionId } = version;
    const variants = loadVariants(action, version.compiled as unknown as CompiledVariants);
    return { variants, settings, versionId, campaignName: authored.name };
  }
  const action = actionOf(draft);
  if (!action) return { kind: 'no_content' };
  const { configuration, fragments } = await readSources(pool, campaign.tenantId, draft);
  const settings = configuration?.settings ?? {};
  const { compiled, problems } = await compileVariants(action, settings, fragments);
  if (!compiled) return { kind: 'invalid', problems: problems.filter(({ level }) => level === 'ERROR') };
  const versionId = campaign.draftVersionId ?? campaign.campaignId;
  return { variants: loadVariants(action, compiled), settings, versionId, campaignName: draft.name };
}

function loadVariants(action: ChannelPackage, { treatments = {}, ...base }: CompiledVariants): Shown['variants'] {
  return variantsOf(action).map((variant) => {
    const compiled: CompiledContent = treatments[variant.variantId] ?? base;
    return { ...variant, content: loadContent(compiled) };
  });
}

/** What a person's messages would read; undefined for a person who is not stored. */
async function profilesOf(pool: Pool, campaign: Campaign, items: PreviewItem[]): Promise<(JsonObject | undefined)[]> {
  // High throughput never reads profiles, so a preview must not show what they hold.
  const given = items.map((item) => item.profileAttributes ?? (campaign.highThroughput ? {} : undefined));
  const wanted = items.filter((_item, place) => given[place] === undefined);
  const stored = await readProfiles(
    pool,
    campaign.tenantId,
    wanted.map(({ namespace, userId }) => ({ namespace, value: userId })),
  );
  return items.map((item, place) => given[place] ?? stored[wanted.indexOf(item)]?.document);
}

function contextOf(
  { campaignId }: Campaign,
  { versionId, campaignName }: Shown,
  { action }: Variant,
  { contextAttributes }: PreviewItem,
): JsonObject {
  const named = { campaignName, actionName: action.packageName };
  return { ...contextAttributes, system: systemContext({ campaignId, versionId, messageId: uuidv7(), ...named }) };
}

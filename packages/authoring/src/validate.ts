import type { CampaignDefinition } from '@outrigger/contracts';
import type { CampaignStatus } from '@outrigger/core';
import type { CompiledContent, FragmentLibrary } from '@outrigger/render';
import type { AccountAbilities, AudienceStanding, ChannelConfiguration } from '@outrigger/store';
import { checkAbilities } from './check-abilities.ts';
import { checkCampaign, checkSurface } from './check-campaign.ts';
import { checkContent, checkHtml } from './check-content.ts';
import { checkExperiment } from './check-experiment.ts';
import { type CompiledVariants, compileVariants } from './compile-variants.ts';
import { checkFiles, type Files } from './files.ts';
import { error, type Finding } from './finding.ts';

export type Validation = { findings: Finding[]; compiled?: CompiledVariants; fragmentIds: string[] };

/** What a draft is held against, besides itself. */
export type DraftSources = {
  configuration: ChannelConfiguration | undefined;
  fragments?: FragmentLibrary;
  /** How the audience stands that the draft names. */
  audience?: AudienceStanding | undefined;
  /** Of the campaign that the draft belongs to. */
  status?: CampaignStatus;
  /** The files that the draft names; absent where they were checked before and are kept. */
  files?: Files;
  /** What the accounts can send, where that matters. */
  accounts?: readonly AccountAbilities[] | undefined;
};

/**
 * Checks a draft as activation will: everything that is missing or wrong is listed at once. `compiled` is there when the
 * content has no errors, even if something else has.
 */
export async function validateDraft(
  definition: CampaignDefinition,
  sources: DraftSources,
  nowMs: number,
): Promise<Validation> {
  const { configuration } = sources;
  const findings: Finding[] = [...checkCampaign(definition, nowMs, sources)];
  const action = definition.packages.find((one) => one.enabled);
  if (!action) {
    findings.push(error('PACKAGE', 'package.missing', 'The campaign has no channel action; add one to packages.'));
    return { findings, fragmentIds: [] };
  }
  findings.push(...checkSurface(definition, action.channel, configuration), ...checkContent(action));
  findings.push(...checkExperiment(action), ...checkFiles(definition, action, sources.files ?? new Map()));
  findings.push(...checkAbilities(action, configuration?.settings ?? {}, sources.accounts));
  const { compiled, problems, fragmentIds } = await compileVariants(
    action,
    configuration?.settings ?? {},
    sources.fragments ?? new Map(),
  );
  for (const { part, line, level, code, message } of problems) {
    const place = line === undefined ? part : `${part} (line ${line})`;
    const source = part.startsWith('setting:') ? 'SURFACE' : 'MESSAGE';
    findings.push({ level, source, code, message: `${place}: ${message}` });
  }
  if (!compiled) return { findings, fragmentIds };
  if (definition.highThroughputMode) findings.push(...checkProfileFree(compiled));
  for (const { parts } of [compiled, ...Object.values(compiled.treatments ?? {})]) {
    if (parts.html) findings.push(...checkHtml(parts.html.source, definition.category === 'Marketing'));
  }
  return { findings, compiled, fragmentIds };
}

/** High throughput reads no profiles, neither for the content nor for the sender (spec 8). */
function* checkProfileFree(compiled: CompiledContent): Generator<Finding> {
  for (const variable of compiled.variables.filter((path) => /^profile(?![\w-])/.test(path))) {
    yield error(
      'MESSAGE',
      'content.profile_variable',
      `${variable}: high throughput reads no profiles; use context instead.`,
    );
  }
  for (const [name, { source }] of Object.entries(compiled.parts)) {
    if (!name.startsWith('setting:') || !/\bprofile\b/.test(source)) continue;
    yield error(
      'SURFACE',
      'surface.ht_personalised',
      `${name.slice('setting:'.length)} of the channel configuration reads the profile; high throughput has none.`,
    );
  }
}

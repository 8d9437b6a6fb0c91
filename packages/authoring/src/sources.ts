import { type CampaignDefinition, type ChannelPackage, contentParts, variantsOf } from '@outrigger/contracts';
import { type FragmentLibrary, type FragmentSource, fragmentIds } from '@outrigger/render';
import {
  type AccountAbilities,
  type AudienceStanding,
  type ChannelConfiguration,
  type Pool,
  readAudienceStanding,
  readConfiguration,
  readPublishedFragments,
} from '@outrigger/store';
import { readAccounts } from './check-abilities.ts';
import { actionOf } from './definition.ts';

/**
 * What a definition is made from: its configuration and the published fragments that it names, with their revisions; and how the
 * audience that it names stands, where it names one.
 */
export type Sources = {
  configuration: ChannelConfiguration | undefined;
  audience: AudienceStanding | undefined;
  fragments: FragmentLibrary;
  revisions: Map<string, number>;
  /** What the accounts can send that its messages may go through, where that matters. */
  accounts: readonly AccountAbilities[] | undefined;
};

export async function readSources(pool: Pool, tenantId: number, definition: CampaignDefinition): Promise<Sources> {
  const action = actionOf(definition);
  const audienceId = definition.audience?.audienceId;
  const audience = audienceId === undefined ? undefined : await readAudienceStanding(pool, tenantId, audienceId);
  if (!action) {
    return { configuration: undefined, audience, fragments: new Map(), revisions: new Map(), accounts: undefined };
  }
  const [configuration, accounts, library] = await Promise.all([
    readConfiguration(pool, tenantId, action.attributes.surface.surfaceId),
    readAccounts(pool, definition),
    readLibrary(
      pool,
      tenantId,
      variantsOf(action)
        .flatMap((variant) => textsOf(variant.action))
        .concat(textsOf(action)),
    ),
  ]);
  return { configuration, audience, accounts, ...library };
}

function textsOf(action: ChannelPackage): string[] {
  return Object.values(contentParts(action)).map(({ source }) => source);
}

/** The fragments that texts name, and those that these name in turn: nesting goes no further. */
export async function readLibrary(
  pool: Pool,
  tenantId: number,
  texts: string[],
): Promise<Pick<Sources, 'fragments' | 'revisions'>> {
  const fragments = new Map<string, FragmentSource | 'draft'>();
  const revisions = new Map<string, number>();
  let wanted = texts.flatMap(fragmentIds);
  for (let depth = 0; depth < 2 && wanted.length > 0; depth += 1) {
    const found = await readPublishedFragments(pool, tenantId, [...new Set(wanted)]);
    wanted = [];
    for (const { fragmentId, published, visual, revision } of found) {
      if (fragments.has(fragmentId)) continue;
      if (!published) {
        fragments.set(fragmentId, 'draft');
        continue;
      }
      fragments.set(fragmentId, { id: fragmentId, source: published.source, parameters: published.parameters, visual });
      revisions.set(fragmentId, revision);
      wanted.push(...fragmentIds(published.source));
    }
  }
  return { fragments, revisions };
}

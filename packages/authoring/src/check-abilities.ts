import { type CampaignDefinition, type ChannelPackage, variantsOf } from '@outrigger/contracts';
import { type AccountAbilities, listProviderAccounts, type Pool } from '@outrigger/store';
import { actionOf } from './definition.ts';
import { error, type Finding } from './finding.ts';

/** Workers speak up every minute (pipeline's announce-accounts.ts). */
const BELIEVED_MS = 15 * 60_000;

/** No worker has said anything: a draft is not activated into the blue, and what is live is not held up by it. */
export const ACCOUNTS_UNKNOWN = 'surface.accounts_unknown';

/** The accounts that a definition's messages may go through, where it matters what they can send; undefined where it does not. */
export async function readAccounts(
  pool: Pool,
  definition: CampaignDefinition,
): Promise<readonly AccountAbilities[] | undefined> {
  const action = actionOf(definition);
  if (!action || abilitiesOf(action).length === 0) return undefined;
  return listProviderAccounts(pool, 'sms', BELIEVED_MS);
}

/** What a provider must be able to do for this action, besides what every one of its channel can. */
function abilitiesOf(action: ChannelPackage): string[] {
  const contents = [action, ...variantsOf(action).map((variant) => variant.action)];
  const kinds = contents.flatMap((one) => (one.channel === 'SMS' ? [one.content.messageType] : []));
  return [...new Set(kinds)].filter((kind) => kind !== 'sms');
}

/** An MMS or RCS message that an account cannot send would fail, and never go out as a text: so activation says it (spec 4.2). */
export function* checkAbilities(
  action: ChannelPackage,
  settings: Record<string, unknown>,
  accounts: readonly AccountAbilities[] | undefined,
): Generator<Finding> {
  if (!accounts) return;
  const { accounts: chosen } = (settings.provider_pool ?? {}) as { accounts?: string[] };
  const used = accounts.filter(({ account }) => !chosen || chosen.includes(account));
  for (const ability of abilitiesOf(action)) {
    const kind = ability.toUpperCase();
    if (used.length === 0) {
      const message = `No SMS worker says what its provider accounts can send, so nobody knows whether ${kind} goes out; start one.`;
      yield error('SURFACE', ACCOUNTS_UNKNOWN, message);
    }
    for (const { account } of used.filter(({ abilities }) => !abilities.includes(ability))) {
      const message = `The provider account ${account} cannot send ${kind}; name others in provider_pool, or send a text.`;
      yield error('SURFACE', `surface.${ability}_unsupported`, message);
    }
  }
}

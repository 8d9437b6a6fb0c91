import type { Channel } from '@outrigger/core';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import { type AccountAbilities, noteProviderAccounts, type Pool } from '@outrigger/store';

/** Well within what activation still believes (authoring's check-abilities.ts). */
const EVERY_MS = 60_000;
const RETRY_MS = 1_000;

/** Says in the ledger what this worker's accounts can send, as long as it runs; resolves when it was said once, or could not be. */
export async function announceAccounts(
  pool: Pool,
  channel: Channel,
  accounts: AccountAbilities[],
  log: Log,
): Promise<Part> {
  const tried = Promise.withResolvers<void>();
  const part = startRounds('accounts', async () => {
    try {
      await noteProviderAccounts(pool, channel, accounts);
      return EVERY_MS;
    } catch (error) {
      log.warn({ event: 'accounts.not_announced', ...errorFields(error) });
      return RETRY_MS;
    } finally {
      tried.resolve();
    }
  });
  await tried.promise;
  return part;
}

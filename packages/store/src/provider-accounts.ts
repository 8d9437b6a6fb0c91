import type { Channel } from '@outrigger/core';
import type { Pool } from './pool.ts';

export type AccountAbilities = { account: string; abilities: string[] };

/** Notes what a worker's accounts can send; the latest word counts. */
export async function noteProviderAccounts(pool: Pool, channel: Channel, accounts: AccountAbilities[]): Promise<void> {
  await pool.query(
    `INSERT INTO provider_accounts (channel, account, abilities)
     SELECT $1, a.account, ARRAY(SELECT jsonb_array_elements_text(a.abilities))
     FROM jsonb_to_recordset($2::jsonb) AS a(account text, abilities jsonb) ORDER BY a.account
     ON CONFLICT (channel, account) DO UPDATE SET abilities = excluded.abilities, seen_at = now()`,
    [channel, JSON.stringify(accounts)],
  );
}

/** The accounts of a channel that a worker had within this time. */
export async function listProviderAccounts(
  pool: Pool,
  channel: Channel,
  withinMs: number,
): Promise<AccountAbilities[]> {
  const { rows } = await pool.query<AccountAbilities>(
    `SELECT account, abilities FROM provider_accounts
     WHERE channel = $1 AND seen_at > now() - $2 * interval '1 millisecond' ORDER BY account`,
    [channel, withinMs],
  );
  return rows;
}

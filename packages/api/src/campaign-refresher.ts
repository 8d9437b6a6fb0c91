import { refreshStaleCampaigns } from '@outrigger/authoring';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';

const EVERY_MS = 2_000;
const CAMPAIGNS_A_ROUND = 50;

/**
 * Brings live campaigns up to changed configurations and fragments. It looks again and again instead of being told, so
 * nothing is missed when a process dies between a publication and its campaigns; any number of processes may look.
 */
export function startCampaignRefresher(pool: Pool, log: Log): Part {
  return startRounds('campaign refresher', async () => {
    let looked = 0;
    try {
      looked = await refreshStaleCampaigns(pool, CAMPAIGNS_A_ROUND);
    } catch (error) {
      log.warn({ event: 'campaigns.refresh_failed', ...errorFields(error) });
    }
    return looked === CAMPAIGNS_A_ROUND ? 0 : EVERY_MS;
  });
}

import { campaignDefinition, type VersionDefinition } from '@outrigger/contracts';
import {
  listStaleCampaigns,
  type Pool,
  readVersion,
  recordRefreshFailure,
  refreshVersion,
  type StaleCampaign,
} from '@outrigger/store';
import { newVersion } from './activate.ts';
import { ACCOUNTS_UNKNOWN } from './check-abilities.ts';
import { isBlocked } from './finding.ts';
import { readSources } from './sources.ts';
import { validateDraft } from './validate.ts';

/**
 * Brings live and scheduled campaigns up to the configuration and the fragments that are in force: each whose version was made
 * from an older revision gets a new version of the same authored text. Messages on their way keep the version they have.
 * It looks at what is there and remembers nothing, so it may be interrupted anywhere and run by several processes.
 * Returns how many campaigns it looked at.
 */
export async function refreshStaleCampaigns(pool: Pool, limit: number): Promise<number> {
  const stale = await listStaleCampaigns(pool, limit);
  for (const one of stale) await refresh(pool, one);
  return stale.length;
}

async function refresh(pool: Pool, stale: StaleCampaign): Promise<void> {
  const version = await readVersion(pool, stale.liveVersionId);
  if (!version?.authored) return;
  const authored = campaignDefinition.parse(version.authored);
  const sources = await readSources(pool, stale.tenantId, authored);
  // A live campaign may be past its start and near its end: only what the sources changed is judged here.
  const { findings: found, compiled } = await validateDraft({ ...authored, schedule: undefined }, sources, Date.now());
  const findings = found.filter(({ code }) => code !== ACCOUNTS_UNKNOWN);
  const { configuration } = sources;
  if (!compiled || !configuration || isBlocked(findings)) {
    const reasons = findings.filter(({ level }) => level === 'ERROR').map(({ message }) => message);
    await recordRefreshFailure(pool, stale, reasons.join(' '));
    return;
  }
  // Files are as they were at activation: their store may have dropped them since.
  const { files } = version.definition as unknown as VersionDefinition;
  const made = newVersion(stale.campaignId, authored, { ...sources, configuration }, compiled, files);
  await refreshVersion(pool, stale, stale.liveVersionId, made, stale.cause);
}

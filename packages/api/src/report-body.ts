import type { Finding } from '@outrigger/authoring';
import type { Campaign } from '@outrigger/store';

/** The validation report (spec 5.3): findings grouped by what they concern, the worst level and its message on top. */
export function reportBody(findings: Finding[], campaign: Campaign) {
  const levels = (['ERROR', 'WARNING', 'INFO'] as const).filter((level) => findings.some((one) => one.level === level));
  const worst = levels[0];
  const first = findings.find(({ level }) => level === worst);
  const groups = Map.groupBy(findings, ({ source }) => source);
  return {
    errorLevel: worst === 'INFO' ? null : (worst ?? null),
    errorMessage: worst === undefined || worst === 'INFO' ? null : first!.message,
    results: [...groups].map(([errorSource, found]) => ({
      id: idOf(errorSource, campaign),
      errorSource,
      notifications: found.map(({ level, code, message }) => ({ errorLevel: level, errorCode: code, message })),
    })),
  };
}

type Stored = { packageId?: string; enabled?: boolean; attributes?: { surface?: { surfaceId?: string } } };

function idOf(source: Finding['source'], campaign: Campaign): string {
  const packages = (campaign.draft?.packages ?? []) as Stored[];
  const action = packages.find(({ enabled }) => enabled !== false);
  if (source === 'SURFACE') return action?.attributes?.surface?.surfaceId ?? campaign.campaignId;
  return (source === 'CAMPAIGN' ? undefined : action?.packageId) ?? campaign.campaignId;
}

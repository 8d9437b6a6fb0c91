import type { AudienceCall } from '@outrigger/contracts';
import { isUuid, type Refusal, refuse } from '@outrigger/core';
import { type Audience, type Pool, readAudience } from '@outrigger/store';
import type { FindCampaign, LiveCampaign } from './live-campaigns.ts';

export type CheckedAudienceCall = { live: LiveCampaign; audience: Audience };

/**
 * Holds an audience call against its campaign (spec 6.4, 9): live, marketing, inside its window (a scheduled one: at its
 * instant), and an audience of this sandbox. The campaign's own audience cannot be replaced by the call's.
 */
export async function checkAudienceCall(
  deps: { pool: Pool; findCampaign: FindCampaign },
  tenantId: number,
  call: AudienceCall,
): Promise<CheckedAudienceCall | { refusal: Refusal }> {
  const context = { ...(call.requestId !== undefined && { requestId: call.requestId }), campaignId: call.campaignId };
  const refused = (code: Parameters<typeof refuse>[0], title?: string) => ({ refusal: refuse(code, title, context) });
  const found = await deps.findCampaign(tenantId, call.campaignId);
  if (!found) return refused('MSG-000010');
  if (!('versionId' in found)) return refused('MSG-000011', `The campaign is ${found.status.toLowerCase()}, not live.`);
  const { definition } = found;
  if (definition.category !== 'marketing') {
    return refused('MSG-000014', 'A transactional campaign names its recipients: call /ajo/im/executions/unitary.');
  }
  const window = windowProblem(definition, call.executeAt);
  if (window) return refused(window.code, window.title);
  // Activation sees to it that there is one.
  const audienceId = definition.audience_id ?? '';
  if (call.audienceId !== undefined && call.audienceId !== audienceId) {
    return refused(
      'MSG-000009',
      'audience.id is not the audience of the campaign; leave it out, or change the campaign.',
    );
  }
  const audience = isUuid(audienceId) ? await readAudience(deps.pool, tenantId, audienceId) : undefined;
  if (!audience) return refused('MSG-000009', 'The audience of the campaign is not in this sandbox any more.');
  return { live: found, audience };
}

function windowProblem(
  { start_at: start, end_at: end }: { start_at: string | null; end_at: string | null },
  executeAt: Date | undefined,
): { code: 'MSG-000012' | 'MSG-000021'; title: string } | undefined {
  const now = Date.now();
  const at = executeAt?.getTime() ?? now;
  const code = executeAt ? 'MSG-000021' : 'MSG-000012';
  const what = executeAt ? 'schedule.executeAt is outside the dates of the campaign: it' : 'The campaign';
  if (executeAt && at <= now) return { code, title: 'schedule.executeAt has passed; leave schedule out to send now.' };
  if (start && at < Date.parse(start)) return { code, title: `${what} starts at ${start}.` };
  if (end && at >= Date.parse(end)) return { code, title: `${what} ${executeAt ? 'ends' : 'ended'} at ${end}.` };
  return undefined;
}

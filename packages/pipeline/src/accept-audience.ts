import { randomUUID } from 'node:crypto';
import { type AudienceCall, canonicalJson } from '@outrigger/contracts';
import { executionIdText, type JsonValue, type Refusal, refuse, uuidv7 } from '@outrigger/core';
import { type AudienceExecution, findByRequestKey, insertAudienceExecution, type Pool } from '@outrigger/store';
import { digest } from './accept.ts';
import type { Caller } from './authenticate.ts';
import { checkAudienceCall } from './check-audience-call.ts';
import type { FindCampaign } from './live-campaigns.ts';

type Answered = { execution: AudienceExecution; replayed: boolean } | { refusal: Refusal };

/**
 * Accepts an audience call: 202 means that the execution, or its schedule, is committed. The dispatcher does the rest. With a
 * requestId the same call again is answered with the first execution, before anything is checked: what was accepted stays
 * accepted, also when its instant has passed. Without one every call is a new one.
 */
export async function acceptAudienceCall(
  deps: { pool: Pool; findCampaign: FindCampaign },
  caller: Caller,
  call: AudienceCall,
): Promise<Answered> {
  const { pool } = deps;
  const { tenantId } = caller.tenant;
  const requestKey = call.requestId === undefined ? null : digest(`${tenantId}\naudience\n${call.requestId}`);
  const fingerprint = digest(canonicalJson(JSON.parse(JSON.stringify(call)) as JsonValue));
  const known = requestKey === null ? undefined : await findByRequestKey(pool, requestKey, fingerprint);
  if (known) return answered(known, call);

  const checked = await checkAudienceCall(deps, tenantId, call);
  if ('refusal' in checked) return checked;
  const { live, audience } = checked;
  const result = await insertAudienceExecution(pool, {
    executionId: uuidv7(),
    tenantId,
    campaignId: live.campaign.campaignId,
    versionId: live.versionId,
    audienceId: audience.audienceId,
    requestId: call.requestId ?? randomUUID(),
    requestKey,
    fingerprint,
    context: call.context ? JSON.stringify(call.context) : null,
    createdBy: caller.keyId,
    scheduleId: call.executeAt ? uuidv7() : null,
    executeAt: call.executeAt ?? null,
  });
  return answered(result, call);
}

function answered(result: Awaited<ReturnType<typeof insertAudienceExecution>>, call: AudienceCall): Answered {
  if ('execution' in result) return { execution: result.execution, replayed: result.kind === 'replayed' };
  const context = {
    ...(call.requestId !== undefined && { requestId: call.requestId }),
    campaignId: call.campaignId,
    executionId: executionIdText('audience', result.executionId),
  };
  if (result.kind === 'conflict') return { refusal: refuse('MSG-000030', undefined, context) };
  return { refusal: { ...refuse('MSG-000023', undefined, context), retryAfterSeconds: 10 } };
}

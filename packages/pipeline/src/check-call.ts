import type { CalledRecipient, TriggerCall, VersionDefinition } from '@outrigger/contracts';
import { type Endpoint, LANES, type Lane, laneFor, MAX_ATTACHMENTS, type Refusal, refuse } from '@outrigger/core';
import { ensureProfiles, type Pool } from '@outrigger/store';
import type { KnowProfiles } from './known-profiles.ts';
import type { FindCampaign, LiveCampaign } from './live-campaigns.ts';

const PROFILE_SCHEMA = '_xdm.context.profile';

export type CheckedCall = { live: LiveCampaign; lane: Lane };

/**
 * Holds a well-formed call against its campaign (spec 6.4): it must exist for this tenant, be live and inside its window,
 * belong to this endpoint, and know every `aep` recipient (or create them). The whole call passes or none of it.
 */
export async function checkCall(
  deps: { pool: Pool; findCampaign: FindCampaign; knowProfiles: KnowProfiles },
  tenantId: number,
  endpoint: Endpoint,
  call: TriggerCall,
): Promise<CheckedCall | { refusal: Refusal }> {
  const context = { requestId: call.requestId, campaignId: call.campaignId };
  const refused = (code: Parameters<typeof refuse>[0], title?: string) => ({ refusal: refuse(code, title, context) });
  const found = await deps.findCampaign(tenantId, call.campaignId);
  if (!found) return refused('MSG-000010');
  if (!('versionId' in found)) {
    return refused('MSG-000011', `The campaign is ${found.status.toLowerCase()}, not live; ${adviceFor(found.status)}`);
  }
  const { definition } = found;
  const now = Date.now();
  if (definition.start_at && now < Date.parse(definition.start_at)) {
    return refused('MSG-000012', `The campaign starts at ${definition.start_at}.`);
  }
  if (definition.end_at && now >= Date.parse(definition.end_at)) {
    return refused('MSG-000012', `The campaign ended at ${definition.end_at}.`);
  }
  if (definition.category === 'marketing') return refused('MSG-000014');
  if (definition.high_throughput !== (endpoint === 'highthroughput')) {
    const right = definition.high_throughput ? 'highthroughput' : 'unitary';
    return refused('MSG-000013', `Trigger this campaign at /ajo/im/executions/${right}.`);
  }
  for (const [index, recipient] of call.recipients.entries()) {
    if (recipient.namespace.toLowerCase() !== definition.identity_namespace.toLowerCase()) {
      return refused(
        'MSG-000005',
        `recipients[${index}].namespace is ${recipient.namespace}; the campaign's is ${definition.identity_namespace}.`,
      );
    }
  }
  const unattachable = attachmentsRefusal(definition, call);
  if (unattachable) return refused('MSG-000025', unattachable);
  const policy = call.recipients.findIndex((recipient) => !isKnownPolicy(recipient));
  if (policy !== -1)
    return refused('MSG-000024', `recipients[${policy}] names a merge policy that is not there; send default.`);
  const unknown = await unknownProfiles(deps, tenantId, definition.create_new_profile, call);
  if (unknown !== undefined) {
    return refused('MSG-000020', `recipients[${unknown}] has no profile and the campaign does not create profiles.`);
  }
  const lane = laneFor(definition.channel, definition.lane_class);
  if (lane === undefined) throw new Error(`version ${found.versionId} has no lane; known are ${Object.keys(LANES)}`);
  return { live: found, lane };
}

/** Files go with email, and a message has at most five with those of its content: of the content that has the most of them. */
function attachmentsRefusal(definition: VersionDefinition, call: TriggerCall): string | undefined {
  const index = call.recipients.findIndex(({ attachments }) => attachments !== undefined);
  if (index === -1) return undefined;
  if (definition.channel !== 'email') return `recipients[${index}] has attachments; only email takes them.`;
  const contents = [definition.content, ...(definition.treatments ?? []).map(({ content }) => content)];
  const shared = Math.max(
    ...contents.map((content) => (content && 'attachments' in content ? (content.attachments?.length ?? 0) : 0)),
  );
  const over = call.recipients.findIndex(({ attachments = [] }) => attachments.length + shared > MAX_ATTACHMENTS);
  if (over === -1) return undefined;
  return `recipients[${over}] would get more than ${MAX_ATTACHMENTS} attachments: the campaign itself has ${shared}.`;
}

/**
 * The compatible API can put a profile together in several ways and lets a call choose one by name. Here there is one, applied
 * when profiles are written; whoever asks for another would get data that they do not expect (F044).
 */
function isKnownPolicy({ mergePolicyName = 'default', mergePolicySchema = PROFILE_SCHEMA }: CalledRecipient): boolean {
  return mergePolicyName.toLowerCase() === 'default' && mergePolicySchema === PROFILE_SCHEMA;
}

/** Index of the first `aep` recipient without a profile, after creating them where the campaign says so. */
async function unknownProfiles(
  deps: { pool: Pool; knowProfiles: KnowProfiles },
  tenantId: number,
  create: boolean,
  call: TriggerCall,
): Promise<number | undefined> {
  const asked = call.recipients.flatMap((recipient, index) =>
    recipient.type === 'aep' ? [{ index, identity: { namespace: recipient.namespace, value: recipient.userId } }] : [],
  );
  if (asked.length === 0) return undefined;
  const known = await deps.knowProfiles(
    tenantId,
    asked.map((one) => one.identity),
  );
  const missing = asked.filter((_, place) => !known[place]);
  if (missing.length === 0) return undefined;
  if (!create) return missing[0]!.index;
  await ensureProfiles(
    deps.pool,
    tenantId,
    missing.map((one) => one.identity),
  );
  return undefined;
}

function adviceFor(status: string): string {
  if (status === 'DRAFT') return 'activate it first.';
  if (status === 'STOPPED' || status === 'COMPLETED') return 'make a new campaign to send again.';
  return 'it cannot be triggered.';
}

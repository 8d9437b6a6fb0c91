import type { VersionDefinition } from '@outrigger/contracts';
import { createIdAllocator, laneFor, type Recipient, systemContext } from '@outrigger/core';
import { type CompiledContent, loadContent } from '@outrigger/render';
import {
  type AcceptItem,
  type CampaignVersion,
  type Pool,
  type ProofJob,
  type ProofSend,
  type ProofSubmission,
  readProfiles,
  readVersion,
  submitProofJob,
} from '@outrigger/store';

/** A proof is worth nothing an hour later. */
const LONGEST_WAIT_MS = 60 * 60_000;

/**
 * Submits one proof that waits, as messages like all others: each gets a place in the ledger, and passes the pipeline's gates
 * (suppression and allowed list too). Who has no profile, or data that cannot be rendered, fails here. Returns whether one waited.
 */
export async function submitNextProof(pool: Pool): Promise<boolean> {
  return submitProofJob(pool, (job) => Promise.all((job.sends ?? []).map((send) => submissionOf(pool, job, send))));
}

async function submissionOf(
  pool: Pool,
  job: ProofJob,
  { variantId, versionId, recipients }: ProofSend,
): Promise<ProofSubmission> {
  const version = (await readVersion(pool, versionId))!;
  const people = await withProfiles(pool, job.tenantId, recipients);
  const failed = new Map(recipients.flatMap(({ userId }, place) => (people[place] ? [] : [[userId, NO_PROFILE]])));
  const render = rendererOf(version);
  const ready = people.filter((person) => {
    const problem = person && render(person);
    if (problem) failed.set(person.userId, problem);
    return person && !problem;
  });
  const failures = [...failed].map(([userId, reason]) => ({ userId, reason: reason! }));
  if (ready.length === 0) return { variantId, failures };
  return { variantId, item: itemOf(job, version, ready as Recipient[]), failures };
}

const NO_PROFILE = 'No such profile in this sandbox; send profile to do without one.';

async function withProfiles(pool: Pool, tenantId: number, recipients: Recipient[]): Promise<(Recipient | undefined)[]> {
  const wanted = recipients.filter(({ profile }) => !profile);
  const stored = await readProfiles(
    pool,
    tenantId,
    wanted.map(({ namespace, userId }) => ({ namespace, value: userId })),
  );
  return recipients.map((recipient) => {
    if (recipient.profile) return recipient;
    const profile = stored[wanted.indexOf(recipient)]?.document;
    return profile && { ...recipient, profile };
  });
}

/** Says what keeps a person's message from being rendered. */
function rendererOf(version: CampaignVersion): (person: Recipient) => string | undefined {
  const content = loadContent(version.compiled as unknown as CompiledContent);
  const { campaign_name: campaignName, action_name: actionName } = version.definition as unknown as VersionDefinition;
  const { campaignId, versionId } = version;
  const system = systemContext({ campaignId, versionId, messageId: versionId, campaignName, actionName });
  return ({ profile = {}, context }) => {
    const rendered = content.render({ profile, context: { ...context, system } });
    return 'failed' in rendered ? `${rendered.failed.part}: ${rendered.failed.message}` : undefined;
  };
}

function itemOf(job: ProofJob, version: CampaignVersion, recipients: Recipient[]): AcceptItem {
  const {
    channel,
    lane_class: laneClass,
    deadline_ms: deadlineMs,
  } = version.definition as unknown as VersionDefinition;
  const lane = laneFor(channel, laneClass);
  if (lane === undefined) throw new Error(`the proof version ${version.versionId} has no lane`);
  const allocated = createIdAllocator(recipients.length).take(lane, recipients.length);
  return {
    // Never asked for: the job's status already keeps it from being submitted twice.
    requestKey: allocated.executionId,
    fingerprint: allocated.executionId,
    ...allocated,
    tenantId: job.tenantId,
    endpoint: 'proof',
    requestId: job.proofJobId,
    campaignId: job.campaignId,
    versionId: version.versionId,
    createdBy: job.createdBy,
    expiresAt: new Date(allocated.acceptedAt.getTime() + Math.min(deadlineMs, LONGEST_WAIT_MS)),
    lane,
    content: JSON.stringify({ recipients }),
  };
}

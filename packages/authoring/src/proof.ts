import type { ProofRecipient, VersionDefinition } from '@outrigger/contracts';
import type { Recipient } from '@outrigger/core';
import type { CompiledContent } from '@outrigger/render';
import {
  type Campaign,
  createProofJob,
  type NewVersion,
  type Pool,
  type ProofJob,
  readVersion,
} from '@outrigger/store';
import { newVersion } from './activate.ts';
import { draftOf } from './definition.ts';
import { type Finding, isBlocked } from './finding.ts';
import { readSources } from './sources.ts';
import { validateDraft } from './validate.ts';

export type ProofRequested =
  | { kind: 'created'; job: ProofJob }
  | { kind: 'no_content' }
  | { kind: 'invalid'; findings: Finding[] };

/**
 * Freezes the draft (or the live version, where there is no draft) as a version of the proof's own, one a subject prefix, and
 * notes whom it goes to. What blocks activation blocks a proof. Sending is left to `submitNextProof`.
 */
export async function requestProof(
  pool: Pool,
  campaign: Campaign,
  recipients: ProofRecipient[],
  by: string,
): Promise<ProofRequested> {
  const found = await versionOf(pool, campaign);
  if (!('definition' in found)) return found;
  const { channel, ...definition } = found.definition as unknown as VersionDefinition;
  const version: NewVersion = {
    ...found,
    authored: null,
    // It goes to whoever asked for it, not to the person whose data it shows: at once, and no consent of theirs is asked.
    definition: { ...definition, channel, category: 'transactional', lane_class: 'standard', rate_per_second: null },
  };
  const byPrefix = new Map<string, Recipient[]>();
  const failures: ProofJob['failures'] = [];
  let targeted = 0;
  for (const recipient of recipients) {
    const data = recipient.channelsData.filter((one) => one.channel === channel);
    if (data.length === 0)
      failures.push({ userId: recipient.userId, reason: `channelsData has nothing for ${channel}.` });
    for (const one of data) {
      const prefix = (one.channel === 'email' && one.subjectPrefix?.trim()) || '';
      const addressed = addressedTo(recipient, one, String(found.settings.app_id ?? ''));
      targeted += addressed.length;
      byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), ...addressed]);
    }
  }
  const sends = [...byPrefix].map(([prefix, people]) => ({ version: withPrefix(version, prefix), recipients: people }));
  const { tenantId, campaignId } = campaign;
  const variantId = variantOf(found, campaign);
  const job = { tenantId, campaignId, variantId, targeted, failures, createdBy: by };
  return { kind: 'created', job: await createProofJob(pool, job, sends) };
}

async function versionOf(
  pool: Pool,
  campaign: Campaign,
): Promise<NewVersion | Exclude<ProofRequested, { kind: 'created' }>> {
  const draft = draftOf(campaign);
  if (!draft) {
    return (campaign.liveVersionId && (await readVersion(pool, campaign.liveVersionId))) || { kind: 'no_content' };
  }
  const sources = await readSources(pool, campaign.tenantId, draft);
  const { findings, compiled } = await validateDraft(draft, { ...sources, status: campaign.status }, Date.now());
  const { configuration } = sources;
  if (!compiled || !configuration || isBlocked(findings)) return { kind: 'invalid', findings };
  return newVersion(campaign.campaignId, draft, { ...sources, configuration }, compiled);
}

/** The id of the campaign's one package, which its one message and variant go by. */
function variantOf(version: NewVersion, campaign: Campaign): string {
  const packages = (version.authored?.packages ?? []) as { packageId?: string; enabled?: boolean }[];
  return packages.find((one) => one.enabled !== false)?.packageId ?? campaign.campaignId;
}

/** One recipient an address: a proof brings its data along, and never depends on what the profile says of addresses. */
function addressedTo(
  { userId, namespace, profile, context }: ProofRecipient,
  data: ProofRecipient['channelsData'][number],
  appID: string,
): Recipient[] {
  const person = {
    type: 'external' as const,
    userId,
    namespace,
    ...(profile && { profile }),
    ...(context && { context }),
  };
  switch (data.channel) {
    case 'email':
      return data.emailAddresses.map((emailAddress) => ({ ...person, channelData: { emailAddress } }));
    case 'sms':
      return data.phoneNumbers.map((mobilePhoneNumber) => ({ ...person, channelData: { mobilePhoneNumber } }));
    case 'push':
      return data.tokens.map((token) => ({ ...person, channelData: { pushInfo: { appID, ...token } } }));
    default:
      return data satisfies never;
  }
}

/** The prefix has no character that a template would read as anything but text. */
function withPrefix(version: NewVersion, prefix: string): NewVersion {
  const compiled = version.compiled as unknown as CompiledContent;
  const { subject } = compiled.parts;
  if (prefix === '' || !subject) return version;
  const parts = { ...compiled.parts, subject: { ...subject, source: `${prefix} ${subject.source}` } };
  return { ...version, compiled: { ...compiled, parts } };
}

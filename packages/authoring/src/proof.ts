import type { ProofRecipient, VersionDefinition } from '@outrigger/contracts';
import type { Channel, ReadFile, Recipient } from '@outrigger/core';
import type { CompiledContent } from '@outrigger/render';
import {
  type Campaign,
  createProofJob,
  type NewVersion,
  type Pool,
  type ProofFailure,
  type ProofJob,
  readVersion,
} from '@outrigger/store';
import { newVersion } from './activate.ts';
import type { CompiledVariants } from './compile-variants.ts';
import { draftOf } from './definition.ts';
import { keepFiles, readFiles } from './files.ts';
import { type Finding, isBlocked } from './finding.ts';
import { readSources } from './sources.ts';
import { validateDraft } from './validate.ts';

export type ProofRequested =
  | { kind: 'created'; job: ProofJob }
  | { kind: 'no_content' }
  | { kind: 'invalid'; findings: Finding[] };

/**
 * Freezes the draft (or the live version, where there is no draft) as versions of the proof's own, one a variant of the content
 * and subject prefix, and notes whom they go to. What blocks activation blocks a proof. Sending is left to `submitNextProof`.
 */
export async function requestProof(
  pool: Pool,
  readFile: ReadFile | undefined,
  campaign: Campaign,
  recipients: ProofRecipient[],
  by: string,
): Promise<ProofRequested> {
  const found = await versionOf(pool, readFile, campaign);
  if (!('definition' in found)) return found;
  const { channel } = found.definition as unknown as VersionDefinition;
  const { byPrefix, failures } = addressees(recipients, channel, String(found.settings.app_id ?? ''));
  const targeted = [...byPrefix.values()].flat().length;
  const messageId = messageOf(found, campaign);
  const versions = variantVersions(found, messageId);
  const sends = versions.flatMap(({ variantId, version }) =>
    [...byPrefix].map(([prefix, people]) => ({ variantId, version: withPrefix(version, prefix), recipients: people })),
  );
  const none = { messageId, targeted, submitted: 0, failures, executionIds: [] };
  const variants = versions.map(({ variantId }) => ({ variantId, ...none }));
  const { tenantId, campaignId } = campaign;
  return { kind: 'created', job: await createProofJob(pool, { tenantId, campaignId, variants, createdBy: by }, sends) };
}

/** Whom a proof goes to, by the prefix of their subject; and who has no address for its channel. */
function addressees(
  recipients: ProofRecipient[],
  channel: Channel,
  appId: string,
): { byPrefix: Map<string, Recipient[]>; failures: ProofFailure[] } {
  const byPrefix = new Map<string, Recipient[]>();
  const failures: ProofFailure[] = [];
  for (const recipient of recipients) {
    const data = recipient.channelsData.filter((one) => one.channel === channel);
    if (data.length === 0)
      failures.push({ userId: recipient.userId, reason: `channelsData has nothing for ${channel}.` });
    for (const one of data) {
      const prefix = (one.channel === 'email' && one.subjectPrefix?.trim()) || '';
      byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), ...addressedTo(recipient, one, appId)]);
    }
  }
  return { byPrefix, failures };
}

/** A version a variant, each of which sends nothing else. */
function variantVersions(found: NewVersion, messageId: string): { variantId: string; version: NewVersion }[] {
  const { treatments, ...definition } = found.definition as unknown as VersionDefinition;
  const { treatments: compiled = {}, ...base } = found.compiled as unknown as CompiledVariants;
  const versionWith = (content: VersionDefinition['content'], own: CompiledContent): NewVersion => ({
    ...found,
    authored: null,
    compiled: { ...own },
    // It goes to whoever asked for it, not to the person whose data it shows: at once, and no consent of theirs is asked.
    definition: { ...definition, content, category: 'transactional', lane_class: 'standard', rate_per_second: null },
  });
  if (!treatments) return [{ variantId: messageId, version: versionWith(definition.content, base) }];
  return treatments
    .filter(({ holdout }) => !holdout)
    .map(({ treatmentId, content }) => ({
      variantId: treatmentId,
      version: versionWith(content ?? definition.content, compiled[treatmentId] ?? base),
    }));
}

async function versionOf(
  pool: Pool,
  readFile: ReadFile | undefined,
  campaign: Campaign,
): Promise<NewVersion | Exclude<ProofRequested, { kind: 'created' }>> {
  const draft = draftOf(campaign);
  if (!draft) {
    return (campaign.liveVersionId && (await readVersion(pool, campaign.liveVersionId))) || { kind: 'no_content' };
  }
  const sources = await readSources(pool, campaign.tenantId, draft);
  const files = await readFiles(pool, readFile, campaign.tenantId, draft);
  const { findings, compiled } = await validateDraft(draft, { ...sources, files, status: campaign.status }, Date.now());
  const { configuration } = sources;
  if (!compiled || !configuration || isBlocked(findings)) return { kind: 'invalid', findings };
  const frozen = await keepFiles(pool, campaign.tenantId, files);
  return newVersion(campaign.campaignId, draft, { ...sources, configuration }, compiled, frozen);
}

/** The id of the campaign's one package, which its one message goes by, and so does a variant that is alone. */
function messageOf(version: NewVersion, campaign: Campaign): string {
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

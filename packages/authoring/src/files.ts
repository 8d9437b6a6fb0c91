import { hash } from 'node:crypto';
import { type CampaignDefinition, type ChannelPackage, type FrozenFile, variantsOf } from '@outrigger/contracts';
import { type AttachmentRef, type FileAnswer, NO_STORE, type ReadFile } from '@outrigger/core';
import { keepAttachmentFile, type Pool, readTenant } from '@outrigger/store';
import { actionOf } from './definition.ts';
import { error, type Finding } from './finding.ts';

/** The files that a definition names, by path: what their store says of each. */
export type Files = Map<string, FileAnswer>;

const LONGEST_READ_MS = 10_000;

/** Reads the files that everybody gets who gets the message (spec 4.1), one after another: each may have 5 MB. */
export async function readFiles(
  pool: Pool,
  readFile: ReadFile | undefined,
  tenantId: number,
  definition: CampaignDefinition,
): Promise<Files> {
  const action = actionOf(definition);
  const paths = new Set(action ? attachmentsOf(action).map(({ source }) => source.path) : []);
  const files: Files = new Map();
  if (paths.size === 0) return files;
  const tenant = await readTenant(pool, tenantId);
  if (!tenant) throw new Error(`tenant ${tenantId} of a campaign is not in the ledger`);
  for (const path of paths) {
    files.set(
      path,
      readFile ? await readFile(tenant, path, AbortSignal.timeout(LONGEST_READ_MS)) : { later: NO_STORE },
    );
  }
  return files;
}

/** Of the action and of every treatment. */
function attachmentsOf(action: ChannelPackage): AttachmentRef[] {
  const contents = [action, ...variantsOf(action).map((variant) => variant.action)];
  return contents.flatMap((one) => (one.channel === 'EMAIL' ? (one.content.attachments ?? []) : []));
}

/** What is wrong with the files of a definition. */
export function* checkFiles(definition: CampaignDefinition, action: ChannelPackage, files: Files): Generator<Finding> {
  if (definition.category === 'Marketing' && attachmentsOf(action).length > 0) {
    const message = 'Only transactional email takes attachments; put a link to the file into the content.';
    yield error('MESSAGE', 'content.attachment_marketing', message);
  }
  for (const [path, answer] of files) {
    if ('bytes' in answer) continue;
    const why = 'gone' in answer ? answer.gone : answer.later;
    yield error('MESSAGE', 'content.attachment_unreadable', `The attachment ${path} cannot be read: ${why}.`);
  }
}

/** Copies the files into the ledger: what was checked is what is sent, whatever becomes of them in their store. */
export async function keepFiles(pool: Pool, tenantId: number, files: Files): Promise<Record<string, FrozenFile>> {
  const frozen: Record<string, FrozenFile> = {};
  for (const [path, answer] of files) {
    if (!('bytes' in answer)) continue;
    const digest = hash('sha256', answer.bytes);
    await keepAttachmentFile(pool, tenantId, digest, answer.bytes);
    frozen[path] = { digest, bytes: answer.bytes.length };
  }
  return frozen;
}

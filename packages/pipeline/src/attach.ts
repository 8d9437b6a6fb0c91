import {
  type Attachment,
  type AttachmentRef,
  type FolderOwner,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  NO_STORE,
  type Outcome,
  type ReadFile,
} from '@outrigger/core';
import { type Pool, readTenant } from '@outrigger/store';
import { createByteBudget } from './byte-budget.ts';
import { createKeptFiles } from './kept-files.ts';
import type { Resolved, Step } from './step.ts';
import { contentFor } from './treatment.ts';

/**
 * Files in memory at a time. With its encoded forms a message takes about five times this much while it is handed over. The largest
 * message that there may be, five shared files, gets all of it.
 */
const BUDGET_BYTES = MAX_ATTACHMENTS * MAX_ATTACHMENT_BYTES;

export type Attach = ReturnType<typeof createAttach>;

/** Whether files go with a message, for all that is known before they are read. */
export function takesFiles<Settings, Target>(step: Step<Resolved<Settings, Target>>): boolean {
  if (!('go' in step)) return false;
  return step.message.recipient.attachments !== undefined || step.go.version.definition.files !== undefined;
}

/**
 * Stage: reads the files of messages that have some, and lets `handOver` go on with them. They are in memory until it has ended, and
 * not more of them than the budget has room for. A file that is gone for good excludes its recipient (050083); one that cannot be
 * read now puts the message off.
 */
export function createAttach(deps: { pool: Pool; readFile?: ReadFile | undefined; longestReadMs: number }) {
  const budget = createByteBudget(BUDGET_BYTES);
  const keptFile = createKeptFiles(deps.pool);
  const owners = new Map<number, FolderOwner>();

  return async function attach<Settings, Target>(
    steps: Step<Resolved<Settings, Target>>[],
    stopping: AbortSignal,
    handOver: (steps: Step<Resolved<Settings, Target>>[]) => Promise<void>,
  ): Promise<void> {
    if (!steps.some(takesFiles)) return handOver(steps);
    const giveBack = await budget.take(steps.reduce((sum, step) => sum + roomFor(step), 0));
    try {
      await handOver(await Promise.all(steps.map((step) => withFiles(step, stopping))));
    } finally {
      giveBack();
    }
  };

  async function withFiles<Settings, Target>(
    step: Step<Resolved<Settings, Target>>,
    stopping: AbortSignal,
  ): Promise<Step<Resolved<Settings, Target>>> {
    if ('stop' in step || !takesFiles(step)) return step;
    const { message, go } = step;
    const attachments: Attachment[] = [];
    const shared = sharedRefs(step);
    // Who gets nothing needs no files; the next stage says so.
    if (!shared) return step;
    for (const { ref, frozen } of shared) {
      const bytes = await keptFile(message.tenantId, frozen.digest);
      attachments.push({ name: ref.name, contentType: ref.contentType, bytes });
    }
    const personal = message.recipient.attachments ?? [];
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(deps.longestReadMs)]);
    let left = MAX_ATTACHMENT_BYTES - attachments.reduce((sum, { bytes }) => sum + bytes.length, 0);
    for (const [place, ref] of personal.entries()) {
      const answer = await readOwn(message.tenantId, ref, signal);
      if ('later' in answer) return { message, stop: putOff(`attachments[${place}]: ${answer.later}`) };
      if ('gone' in answer) return { message, stop: unresolved(`attachments[${place}]: ${answer.gone}`) };
      left -= answer.bytes.length;
      if (left < 0) return { message, stop: unresolved(`the files together are over ${MAX_ATTACHMENT_BYTES} bytes`) };
      attachments.push({ name: ref.name, contentType: ref.contentType, bytes: answer.bytes });
    }
    return { message, go: { ...go, attachments } };
  }

  async function readOwn(tenantId: number, { source }: AttachmentRef, signal: AbortSignal) {
    if (!deps.readFile) return { later: NO_STORE };
    let owner = owners.get(tenantId);
    if (!owner) {
      owner = await readTenant(deps.pool, tenantId);
      if (!owner) throw new Error(`tenant ${tenantId} of an accepted message is not in the ledger`);
      owners.set(tenantId, owner);
    }
    return deps.readFile(owner, source.path, signal);
  }
}

/** Files of their own are never larger than the sum that is allowed; shared ones are as large as they were at activation. */
function roomFor<Settings, Target>(step: Step<Resolved<Settings, Target>>): number {
  if ('stop' in step) return 0;
  const shared = sharedRefs(step);
  if (!shared) return 0;
  const own = step.message.recipient.attachments ? MAX_ATTACHMENT_BYTES : 0;
  return shared.reduce((sum, { frozen }) => sum + frozen.bytes, own);
}

/** The files of the content that this person gets; undefined for somebody in a holdout. */
function sharedRefs<Settings, Target>({
  message,
  go: { version },
}: Extract<Step<Resolved<Settings, Target>>, { go: unknown }>) {
  const chosen = contentFor(version, message);
  if ('heldOut' in chosen) return undefined;
  const { files } = version.definition;
  const refs = (chosen.authored.attachments ?? []) as unknown as AttachmentRef[];
  return files ? refs.map((ref) => ({ ref, frozen: files[ref.source.path]! })) : [];
}

function unresolved(detail: string): Outcome {
  return { state: 'excluded', code: '050083', detail };
}

function putOff(detail: string): Outcome {
  return { state: 'deferred', code: 'transient.attachment', costsAttempt: false, detail };
}

import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelPort, createIdAllocator, type IdAllocator, type Recipient } from '@outrigger/core';
import { errorFields, type Log } from '@outrigger/runtime';
import {
  type AcceptItem,
  acceptGroup,
  type ClaimedBatch,
  type ClaimedMessage,
  isRefusedData,
  MAX_BATCH_MESSAGES,
  type Pool,
} from '@outrigger/store';
import { digest } from './accept.ts';
import type { Enqueue } from './enqueue.ts';
import type { Sent } from './send.ts';
import type { Resolved, Step } from './step.ts';

/** Accepts the copies of what was sent, before its outcome is recorded. */
export type Archive<Settings, Target> = (
  batch: ClaimedBatch,
  steps: readonly Step<Resolved<Settings, Target>>[],
  sent: readonly (Sent | undefined)[],
) => Promise<void>;

const RETRY_MS = 500;

/**
 * A copy of each message that was sent, for channel configurations with an archive (spec 3.2). It is a message of its own in the
 * ledger: it has its own account and feedback, is delivered like all others, and the campaign does not count it. Its request key is
 * made of the original's id, so a message that is sent twice has one copy. A worker that dies just after a send leaves that
 * message without one. Undefined for channels without archives.
 */
export function createArchive<Settings, Target, Message>(deps: {
  pool: Pool;
  channel: ChannelPort<Settings, Target, Message>;
  enqueue: Enqueue;
  log: Log;
}): Archive<Settings, Target> | undefined {
  const archiveOf = deps.channel.archiveOf?.bind(deps.channel);
  if (!archiveOf) return undefined;
  return async (batch, steps, sent) => {
    const ids = createIdAllocator(MAX_BATCH_MESSAGES);
    const items = steps.flatMap((step, place): AcceptItem[] => {
      if (!('go' in step) || step.message.apart || sent[place]?.outcome.state !== 'sent') return [];
      const copy = archiveOf(step.go.version.settings, step.go.targets[0]!);
      return copy ? [copyItem(ids, batch, step.message, { ...copiedFrom(step.message, step.go), ...copy })] : [];
    });
    if (items.length > 0) await acceptCopies(items);
  };

  /** While the ledger is away the outcomes of the batch cannot be written either. */
  async function acceptCopies(items: AcceptItem[]): Promise<void> {
    for (;;) {
      try {
        const { batches } = await acceptGroup(deps.pool, items);
        if (batches.length > 0) deps.enqueue(batches);
        return;
      } catch (error) {
        deps.log.error({ event: 'archive.failed', copies: items.length, ...errorFields(error) });
        if (isRefusedData(error)) return;
        await delay(RETRY_MS);
      }
    }
  }
}

/** The same person with the data of this moment, so that nothing is looked up again. */
function copiedFrom<Settings, Target>(
  { recipient }: ClaimedMessage,
  { data }: Resolved<Settings, Target>,
): Omit<Recipient, 'channelData' | 'copy'> {
  const { userId, namespace, context, attachments, audienceExecutionId } = recipient;
  return {
    type: 'external',
    userId,
    namespace,
    profile: data.profile,
    ...(context && { context }),
    ...(attachments && { attachments }),
    ...(audienceExecutionId && { audienceExecutionId }),
  };
}

function copyItem(ids: IdAllocator, { lane }: ClaimedBatch, message: ClaimedMessage, recipient: Recipient): AcceptItem {
  const { tenantId, campaignId, versionId, messageId } = message;
  const key = digest(`${messageId}\ncopy`);
  return {
    requestKey: key,
    fingerprint: key,
    ...ids.take(lane, 1),
    tenantId,
    endpoint: 'copy',
    requestId: messageId,
    campaignId,
    versionId,
    createdBy: 'system',
    expiresAt: message.expiresAt,
    lane,
    content: JSON.stringify({ recipients: [recipient] }),
  };
}

import { randomUUID } from 'node:crypto';
import { createIdAllocator, type IdAllocator } from '@outrigger/core';
import { jobIdFor, openLaneQueue, openQueueStore } from '@outrigger/queue';
import { type AcceptItem, acceptGroup, MAX_BATCH_MESSAGES, type Pool } from '@outrigger/store';
import { NUMBER_DIGITS, PHONE_PREFIX } from '../numbers.ts';

export type BacklogOptions = {
  databaseUrl: string;
  queueUrl: string | undefined;
  tenantId: number;
  campaignId: string;
  versionId: string;
  count: number;
  /** The number of the first message; the others follow. */
  firstNumber: number;
  say(line: string): void;
};

const RECIPIENTS = 100;
/** Messages in one statement, as many as the ingress puts into one. */
const GROUP = 1_000;
const LANE = 'sms-bulk';
const DAY_MS = 24 * 60 * 60_000;

/**
 * Puts bulk messages into the ledger and into their lane's queue through the product's own store and queue, so that they lie
 * there as accepted ones do. Returns their executions.
 */
export async function storeBacklog(pool: Pool, options: BacklogOptions): Promise<Set<string>> {
  const queueStore = await openQueueStore({
    queueUrl: options.queueUrl,
    databaseUrl: options.databaseUrl,
    prefix: 'outrigger',
    onError: (error) => options.say(`queue: ${String(error)}`),
  });
  const queue = openLaneQueue(queueStore, LANE);
  const ids = createIdAllocator(MAX_BATCH_MESSAGES);
  const executions = new Set<string>();
  let saidAt = performance.now();
  for (let stored = 0; stored < options.count; stored += GROUP) {
    const items = Array.from({ length: GROUP / RECIPIENTS }, (_, place) =>
      bulkCall(options, ids, options.firstNumber + stored + place * RECIPIENTS),
    );
    for (const { executionId } of items) executions.add(executionId);
    ids.close();
    const { batches } = await acceptGroup(pool, items);
    await queue.enqueue(
      batches.map(({ batchId, claims }) => ({ batchId, jobId: jobIdFor(batchId, claims), priority: 0 })),
    );
    if (performance.now() - saidAt < 5_000) continue;
    saidAt = performance.now();
    options.say(`${stored + GROUP} of ${options.count} messages wait`);
  }
  await queue.close();
  await queueStore.close();
  return executions;
}

function bulkCall(
  { tenantId, campaignId, versionId }: BacklogOptions,
  ids: IdAllocator,
  firstNumber: number,
): AcceptItem {
  const recipients = Array.from({ length: RECIPIENTS }, (_, place) => ({
    type: 'external',
    userId: `+${PHONE_PREFIX}${String(firstNumber + place).padStart(NUMBER_DIGITS, '0')}`,
    namespace: 'phone',
    context: { code: '481 920' },
  }));
  const allocated = ids.take(`${tenantId} ${LANE}`, RECIPIENTS);
  return {
    requestKey: randomUUID(),
    fingerprint: randomUUID(),
    ...allocated,
    tenantId,
    endpoint: 'audience',
    requestId: `backlog-${firstNumber}`,
    campaignId,
    versionId,
    createdBy: 'bench',
    expiresAt: new Date(allocated.acceptedAt.getTime() + DAY_MS),
    lane: LANE,
    content: JSON.stringify({ recipients }),
  };
}

import { hash } from 'node:crypto';
import type { TriggerCall } from '@outrigger/contracts';
import {
  createGrouper,
  createIdAllocator,
  type Endpoint,
  executionIdText,
  type IdAllocator,
  type Refusal,
  refuse,
} from '@outrigger/core';
import { acceptedMessages, acceptGroupCalls, acceptSeconds } from '@outrigger/metrics';
import {
  type AcceptItem,
  type AcceptResult,
  acceptGroup,
  type HoldBack,
  MAX_BATCH_MESSAGES,
  type NewBatch,
  type Pool,
} from '@outrigger/store';
import type { Admit } from './admission.ts';
import type { Caller } from './authenticate.ts';
import type { CheckedCall } from './check-call.ts';
import type { Enqueue } from './enqueue.ts';

/** The 202 body (reference messaging.yaml, imExecutionResponse). */
export type ExecutionResponse = {
  executionId: string;
  requestId: string;
  createdAt: string;
  createdBy: string;
  modifiedAt: string;
  modifiedBy: string;
};

/** `recipientsText`: the recipients as they were sent, where that can be kept as it is. Otherwise they are written anew. */
export type AcceptedCall = TriggerCall & { recipientsText?: string | undefined };

export type Accepted = { response: ExecutionResponse; replayed: boolean };

/** Messages in one flush; more wait for the next. Bounded so that one statement stays well under a lock time-out. */
const MAX_GROUP_MESSAGES = 1_000;
/** A statement costs about 1.3 ms of CPU by itself and 20 us a call (packages/store/bench): at thousands of calls a second, wait for some. */
const SPACING_MS = 8;

/**
 * Accepts checked calls: 202 means that execution and messages are committed. Calls that arrive while a write is under way
 * share the next one. After the commit the new batches are handed to `enqueue`, which may fail: the janitor repairs it.
 */
export function createAcceptor(deps: { pool: Pool; enqueue: Enqueue; admit: Admit; holdBack?: HoldBack }) {
  // Messages that wait in this process for their commit.
  let uncommitted = 0;
  const ids = createIdAllocator(MAX_BATCH_MESSAGES);
  /** Of the calls that are traced, which are few or none. */
  const traces = new Map<AcceptItem, string>();
  const grouper = createGrouper<AcceptItem, AcceptResult>({
    maxWeight: MAX_GROUP_MESSAGES,
    weight: (item) => item.messageIds.length,
    spacingMs: SPACING_MS,
    async flush(items) {
      ids.close();
      const results = new Map<AcceptItem, AcceptResult>();
      // Two calls with one key may meet in a group; the second goes in a statement of its own, after the first.
      for (let rest = items; rest.length > 0; ) {
        const { first, later } = splitByKey(rest);
        const written = await acceptGroup(deps.pool, first, deps.holdBack);
        acceptGroupCalls.observe(first.length);
        first.forEach((item, index) => {
          results.set(item, written.results[index]!);
        });
        if (written.batches.length > 0) deps.enqueue(withTraces(written.batches, first, traces));
        rest = later;
      }
      return items.map((item) => results.get(item)!);
    },
  });

  return async function accept(
    caller: Caller,
    endpoint: Endpoint,
    call: AcceptedCall,
    checked: CheckedCall,
    traceparent?: string,
  ): Promise<Accepted | { refusal: Refusal }> {
    const messages = call.recipients.length;
    const tooMuch = deps.admit(caller.tenant.tenantId, checked.lane, messages, uncommitted);
    if (tooMuch) {
      return { refusal: { ...tooMuch, context: { requestId: call.requestId, campaignId: call.campaignId } } };
    }
    uncommitted += messages;
    const stopTimer = acceptSeconds.startTimer();
    const item = acceptItem(caller, endpoint, call, checked, ids);
    if (traceparent !== undefined) traces.set(item, traceparent);
    const result = await grouper.add(item).finally(() => {
      uncommitted -= messages;
      traces.delete(item);
    });
    stopTimer();
    if (result.kind === 'accepted') acceptedMessages.inc({ lane: item.lane }, messages);
    if (result.kind === 'conflict') {
      return {
        refusal: refuse('MSG-000030', undefined, {
          requestId: call.requestId,
          campaignId: call.campaignId,
          executionId: executionIdText(endpoint, result.executionId),
        }),
      };
    }
    const at = result.acceptedAt.toISOString();
    return {
      replayed: result.kind === 'replayed',
      response: {
        executionId: executionIdText(endpoint, result.executionId),
        requestId: call.requestId,
        createdAt: at,
        createdBy: result.createdBy,
        modifiedAt: at,
        modifiedBy: result.createdBy,
      },
    };
  };
}

function acceptItem(
  caller: Caller,
  endpoint: Endpoint,
  call: AcceptedCall,
  checked: CheckedCall,
  ids: IdAllocator,
): AcceptItem {
  const { tenantId } = caller.tenant;
  const { campaignId } = checked.live.campaign;
  const content = `{"recipients":${call.recipientsText ?? JSON.stringify(call.recipients)}}`;
  const allocated = ids.take(`${tenantId} ${checked.lane}`, call.recipients.length);
  return {
    requestKey: digest(`${tenantId}\n${endpoint}\n${call.requestId}`),
    fingerprint: digest(`${campaignId}\n${content}`),
    ...allocated,
    tenantId,
    endpoint,
    requestId: call.requestId,
    campaignId,
    versionId: checked.live.versionId,
    createdBy: caller.keyId,
    expiresAt: new Date(allocated.acceptedAt.getTime() + checked.live.definition.deadline_ms),
    lane: checked.lane,
    content,
  };
}

/** A batch may hold messages of many calls: it goes on in the trace of the first traced one of its tenant and lane. */
function withTraces(batches: NewBatch[], items: AcceptItem[], traces: Map<AcceptItem, string>): Parameters<Enqueue>[0] {
  if (traces.size === 0) return batches;
  return batches.map((batch) => {
    const ours = items.find((item) => item.tenantId === batch.tenantId && item.lane === batch.lane && traces.has(item));
    return ours ? { ...batch, traceparent: traces.get(ours)! } : batch;
  });
}

/** 128 bits of SHA-256 as uuid text: what keys and fingerprints are stored as. */
export function digest(text: string): string {
  const hex = hash('sha256', text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function splitByKey(items: AcceptItem[]): { first: AcceptItem[]; later: AcceptItem[] } {
  const seen = new Set<string>();
  const first: AcceptItem[] = [];
  const later: AcceptItem[] = [];
  for (const item of items) {
    (seen.has(item.requestKey) ? later : first).push(item);
    seen.add(item.requestKey);
  }
  return { first, later };
}

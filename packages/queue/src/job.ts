/** What a producer asks for: deliver the batch that the ledger holds under `batchId`. */
export type DeliverJob = {
  batchId: string;
  /** Not before this many milliseconds from now. */
  delayMs?: number;
  /**
   * 0 or absent: in order, before all that have a priority. Otherwise 1 (soon) to 2,097,152 (last): how far behind the others
   * of its lane it may wait.
   */
  priority?: number;
  /** W3C Trace Context header of the call that caused the batch. */
  traceparent?: string;
  /** Adding an id that the queue still holds (failed jobs included) does nothing. See `jobIdFor`. */
  jobId: string;
};

/**
 * What the queue store keeps. Bytes of this shape outlive a deployment, so a change of meaning is a new `v`.
 * It is a pointer: no content and no personal data ever goes into a queue store.
 */
export type DeliverPayload = { v: 1; batch_id: string; traceparent?: string };

/** What a handler gets. */
export type DeliverPointer = { batchId: string; traceparent?: string };

export const DELIVER_JOB = 'deliver';

/** The job id of one claim of one batch. A later claim has another id, so a failed job never blocks its batch. */
export function jobIdFor(batchId: string, claim: number): string {
  return `b-${batchId}-${claim}`;
}

/** Throws on an id that BullMQ refuses: it uses `:` in its keys and keeps digits-only ids for itself. */
export function assertJobId(jobId: string): void {
  if (jobId === '' || jobId.includes(':') || /^\d+$/.test(jobId)) {
    throw new Error(`not a job id: ${JSON.stringify(jobId)} (empty, digits only, or with a colon)`);
  }
}

export function writeDeliverPayload(job: DeliverJob): DeliverPayload {
  return {
    v: 1,
    batch_id: job.batchId,
    ...(job.traceparent === undefined ? {} : { traceparent: job.traceparent }),
  };
}

/** Reads what a queue store returned. Unknown fields are left alone; an unknown name or version is an error. */
export function readDeliverPayload(
  jobName: string,
  data: unknown,
): { pointer: DeliverPointer } | { unreadable: string } {
  if (jobName !== DELIVER_JOB) return { unreadable: `unknown job name ${JSON.stringify(jobName)}` };
  if (typeof data !== 'object' || data === null) return { unreadable: 'payload is not an object' };
  const { v, batch_id, traceparent } = data as Record<string, unknown>;
  if (v !== 1) return { unreadable: `unknown payload version ${JSON.stringify(v)}: this process reads version 1` };
  if (typeof batch_id !== 'string' || batch_id === '') return { unreadable: 'payload has no batch_id' };
  if (traceparent === undefined) return { pointer: { batchId: batch_id } };
  if (typeof traceparent !== 'string') return { unreadable: 'payload traceparent is not a string' };
  return { pointer: { batchId: batch_id, traceparent } };
}

/** Durations that depend on each other, derived in one place (design section 2). */
export type Timing = {
  /** A provider call is given up after this; the outcome is then unknown. */
  providerTimeoutMs: number;
  /** A claimed batch belongs to its worker for this long. No call starts when less than a provider time-out is left. */
  leaseMs: number;
  /** BullMQ's lock: longer than the lease, so that the queue never hands a live batch to a second worker. */
  lockMs: number;
  /** The janitor leaves an expired claim this long to the worker's own journal before it calls the messages unknown. */
  journalGraceMs: number;
};

export function deriveTiming(providerTimeoutMs: number): Timing {
  const leaseMs = Math.max(30_000, providerTimeoutMs * 6);
  return { providerTimeoutMs, leaseMs, lockMs: leaseMs + 30_000, journalGraceMs: 30_000 };
}

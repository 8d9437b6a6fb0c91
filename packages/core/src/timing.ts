/** Durations that depend on each other, derived in one place (design section 2). */
export type Timing = {
  /** A provider call is given up after this; the outcome is then unknown. */
  providerTimeoutMs: number;
  /** A claimed batch belongs to its worker for this long. */
  leaseMs: number;
  /** No provider call starts later than this after the claim: a call that starts in time also ends in time. */
  lastStartMs: number;
  /** BullMQ's lock: longer than the lease, so that the queue never hands a live batch to a second worker. */
  lockMs: number;
  /** The janitor leaves an expired claim this long to the worker's own journal before it calls the messages unknown. */
  journalGraceMs: number;
};

/** Everything follows from how long a provider call may take. */
export function deriveTiming(providerTimeoutMs: number): Timing {
  const leaseMs = Math.max(10_000, providerTimeoutMs * 6);
  const marginMs = Math.max(1_000, providerTimeoutMs / 2);
  return {
    providerTimeoutMs,
    leaseMs,
    lastStartMs: leaseMs - providerTimeoutMs - marginMs,
    lockMs: leaseMs * 1.5,
    journalGraceMs: Math.max(10_000, providerTimeoutMs * 3),
  };
}

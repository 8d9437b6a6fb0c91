/** Durations that depend on each other, derived in one place (design section 2). */
export type Timing = {
  /** A provider call is given up after this; the outcome is then unknown. */
  providerTimeoutMs: number;
  /** A claimed batch belongs to its worker for this long. */
  leaseMs: number;
  /** No provider call starts later than this after the claim: a call that starts in time also ends in time. */
  lastStartMs: number;
  /**
   * BullMQ's lock, renewed while the process lives. It bounds how long a job waits that a dead worker had taken and not claimed;
   * a job that is handed out again while its worker lives finds its batch claimed, so it may be far shorter than the lease.
   */
  lockMs: number;
  /**
   * A worker that probes an account whose breaker is open has answered within this, or is dead; then another may probe. While one
   * probes nobody else calls the account.
   */
  probeLeaseMs: number;
  /** The janitor leaves an expired claim this long to the worker's own journal before it calls the messages unknown. */
  journalGraceMs: number;
};

/** A live process whose event loop stands still for half of this loses its locks, which costs a look at the ledger. */
const LOCK_MS = 6_000;

/** Everything follows from how long a provider call may take. */
export function deriveTiming(providerTimeoutMs: number): Timing {
  const leaseMs = Math.max(10_000, providerTimeoutMs * 6);
  const marginMs = Math.max(1_000, providerTimeoutMs / 2);
  return {
    providerTimeoutMs,
    leaseMs,
    lastStartMs: leaseMs - providerTimeoutMs - marginMs,
    lockMs: LOCK_MS,
    probeLeaseMs: providerTimeoutMs + marginMs,
    journalGraceMs: Math.max(10_000, providerTimeoutMs * 3),
  };
}

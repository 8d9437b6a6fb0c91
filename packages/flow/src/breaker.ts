/**
 * A provider account's circuit breaker as a pure function. Libraries (cockatiel, opossum) were looked at first: both keep
 * their state in one process and leave sharing it to the caller (cockatiel issue 89, opossum issue 675), and what is left of
 * them then is less than this file.
 *
 * Instants are milliseconds of one clock. Invariants: `untilMs` is set exactly while not closed; only `probe_started` leads
 * out of `open`, and not before `untilMs`; `opens` counts openings in a row and the pause never shrinks while it grows.
 */
export type BreakerState =
  | { phase: 'closed'; opens: number; sinceMs: number }
  | { phase: 'open' | 'half_open'; opens: number; sinceMs: number; untilMs: number };

export type BreakerEvent =
  /** The window of calls says that the provider as a whole refuses. */
  | { kind: 'tripped'; atMs: number }
  | { kind: 'probe_started'; atMs: number }
  | { kind: 'probe_passed'; atMs: number }
  | { kind: 'probe_failed'; atMs: number }
  /** The probe's call was not begun: somebody else may probe at once. */
  | { kind: 'probe_abandoned'; atMs: number };

export type BreakerPolicy = {
  /** How many of the last calls are looked at, and for how long a call counts. */
  windowCalls: number;
  windowMs: number;
  /** Opens at this many failures that are at least this share of the window... */
  failures: number;
  failureShare: number;
  /** ...or at this many refusals of our configuration in a row. */
  configurationInRow: number;
  /** Pause before a probe: doubles from base to cap with each opening in a row, +-25 %. */
  pauseBaseMs: number;
  pauseCapMs: number;
  /** A probe without an answer after this is taken for lost: its process died. */
  probeLeaseMs: number;
  /** After closing, the rate rises from 5 % to all of it in this time. */
  rampMs: number;
  /** Openings that are further apart than this do not count as in a row. */
  stableAfterMs: number;
};

export const DEFAULT_BREAKER: BreakerPolicy = {
  windowCalls: 20,
  windowMs: 60_000,
  failures: 5,
  failureShare: 0.5,
  configurationInRow: 3,
  pauseBaseMs: 10_000,
  pauseCapMs: 120_000,
  probeLeaseMs: 75_000,
  rampMs: 15_000,
  stableAfterMs: 120_000,
};

export const NEVER_OPENED: BreakerState = { phase: 'closed', opens: 0, sinceMs: Number.NEGATIVE_INFINITY };

/** The state after an event; the same object when the event means nothing in this state. `random` is in [0, 1). */
export function nextBreakerState(
  state: BreakerState,
  event: BreakerEvent,
  policy: BreakerPolicy,
  random: number,
): BreakerState {
  const { atMs } = event;
  const open = (opens: number, untilMs: number): BreakerState => ({ phase: 'open', opens, sinceMs: atMs, untilMs });
  switch (event.kind) {
    case 'tripped': {
      if (state.phase !== 'closed') return state;
      const opens = atMs - state.sinceMs > policy.stableAfterMs ? 1 : state.opens + 1;
      return open(opens, atMs + pauseMs(opens, policy, random));
    }
    case 'probe_started':
      if (state.phase === 'closed' || atMs < state.untilMs) return state;
      return { phase: 'half_open', opens: state.opens, sinceMs: atMs, untilMs: atMs + policy.probeLeaseMs };
    case 'probe_passed':
      return state.phase === 'half_open' ? { phase: 'closed', opens: state.opens, sinceMs: atMs } : state;
    case 'probe_failed':
      if (state.phase !== 'half_open') return state;
      return open(state.opens + 1, atMs + pauseMs(state.opens + 1, policy, random));
    case 'probe_abandoned':
      return state.phase === 'half_open' ? open(state.opens, atMs) : state;
    default:
      return event satisfies never;
  }
}

export function pauseMs(opens: number, policy: BreakerPolicy, random: number): number {
  const pause = Math.min(policy.pauseCapMs, policy.pauseBaseMs * 2 ** Math.min(opens - 1, 30));
  return pause * (0.75 + random * 0.5);
}

/** Whether a call may start: yes, yes as the one probe (to be won first), or not before `retryInMs`. */
export type Admission = { kind: 'admitted' } | { kind: 'probe' } | { kind: 'blocked'; retryInMs: number };

export function admission(state: BreakerState, nowMs: number): Admission {
  if (state.phase === 'closed') return { kind: 'admitted' };
  if (nowMs >= state.untilMs) return { kind: 'probe' };
  // While a probe is under way its answer is due much sooner than its lease ends.
  return { kind: 'blocked', retryInMs: state.phase === 'open' ? state.untilMs - nowMs : PROBE_ANSWER_MS };
}

const PROBE_ANSWER_MS = 2_000;
const RAMP_FROM = 0.05;

/** The share of its rate that an account gets now: it rises exponentially after closing, so that a weak provider is not flooded. */
export function rampShare(state: BreakerState, nowMs: number, policy: BreakerPolicy): number {
  if (state.phase !== 'closed' || state.opens === 0) return 1;
  const elapsed = (nowMs - state.sinceMs) / policy.rampMs;
  return elapsed >= 1 ? 1 : RAMP_FROM ** (1 - Math.max(0, elapsed));
}

import { LANES, type Lane, type LaneClass, type Refusal, refuse } from '@outrigger/core';

/** How much may wait before callers are asked to come back later. */
export type AdmissionLimits = {
  /** A lane whose oldest due message has waited longer than this takes no more: it would only get later. */
  maxAgeMs: Record<LaneClass, number>;
  /** A tenant with more messages than this waiting in one lane is over its share. */
  maxTenantBacklog: number;
  /** Messages a second that a tenant may have accepted, by class; 0 means no limit. Each ingress process counts its own. */
  tenantRate: Record<LaneClass, number>;
  /** Messages that wait in this process for their commit. */
  maxUncommitted: number;
};

/** Bounds of reliability 5.6 for age; the rest is generous, so that only real trouble is turned away. */
export const DEFAULT_ADMISSION: AdmissionLimits = {
  maxAgeMs: { standard: 120_000, ht: 120_000, bulk: 6 * 60 * 60_000 },
  maxTenantBacklog: 1_000_000,
  tenantRate: { standard: 0, ht: 0, bulk: 0 },
  maxUncommitted: 20_000,
};

export type AdmissionFacts = {
  tenantMessages(tenantId: number, lane: Lane): number;
  oldestAgeMs(lane: Lane): number;
  now(): number;
};

/**
 * Says why a call of so many messages is not taken now, or nothing when it is; `uncommitted` is what waits in this process for
 * its commit. Costs a few map look-ups.
 */
export type Admit = (tenantId: number, lane: Lane, messages: number, uncommitted: number) => Refusal | undefined;

/**
 * Admission control: refused early and cheaply, before anything is written. 429 is for a caller over its own share, 503 for us
 * being behind. Lanes are judged apart, so a one-time password enters while bulk is turned away.
 */
export function createAdmission(limits: AdmissionLimits, facts: AdmissionFacts): Admit {
  const buckets = new Map<string, { tokens: number; at: number }>();

  /** A token bucket of one second's worth, so that a burst passes and the mean holds. */
  function overRate(tenantId: number, laneClass: LaneClass, messages: number): boolean {
    const rate = limits.tenantRate[laneClass];
    if (rate === 0) return false;
    const key = `${tenantId} ${laneClass}`;
    const now = facts.now();
    const bucket = buckets.get(key) ?? { tokens: rate, at: now };
    const tokens = Math.min(rate, bucket.tokens + ((now - bucket.at) / 1_000) * rate);
    // A call larger than the whole bucket passes when the bucket is full, or it never would.
    const enough = tokens >= Math.min(messages, rate);
    buckets.set(key, { tokens: enough ? tokens - messages : tokens, at: now });
    return !enough;
  }

  return function admit(tenantId, lane, messages, uncommitted) {
    const { laneClass } = LANES[lane];
    if (uncommitted + messages > limits.maxUncommitted) {
      return later('MSG-000503', 'More calls arrive than can be stored now; ask again with the same requestId.', 1);
    }
    const ageMs = facts.oldestAgeMs(lane);
    if (ageMs > limits.maxAgeMs[laneClass]) {
      const seconds = Math.round(ageMs / 1_000);
      return later(
        'MSG-000503',
        `The lane ${lane} is ${seconds} s behind and takes no more until it has caught up.`,
        10,
      );
    }
    const waiting = facts.tenantMessages(tenantId, lane);
    if (waiting + messages > limits.maxTenantBacklog) {
      return later(
        'MSG-000429',
        `${waiting} of your messages wait in the lane ${lane}; at most ${limits.maxTenantBacklog} may.`,
        10,
      );
    }
    if (overRate(tenantId, laneClass, messages)) {
      return later('MSG-000429', `You are over ${limits.tenantRate[laneClass]} messages a second.`, 1);
    }
    return undefined;
  };
}

function later(code: 'MSG-000429' | 'MSG-000503', title: string, retryAfterSeconds: number): Refusal {
  return { ...refuse(code, title), retryAfterSeconds };
}

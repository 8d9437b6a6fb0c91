/** A brake as a gate sees it. `campaign` and `tenant` brakes carry the tenant; `lane` and `provider` brakes concern everybody. */
export type BrakeRule = {
  brake_id: string;
  tenant_id: number | null;
  scope: 'campaign' | 'tenant' | 'lane' | 'provider';
  target: string;
  action: 'pause' | 'throttle' | 'cancel';
  rate_per_second: number | null;
};

/** What a brake is held against. */
export type Braked = { tenantId: number; campaignId: string; lane: string; provider: string };

/** Whether the brake concerns this message. */
export function brakeConcerns(brake: BrakeRule, message: Braked): boolean {
  switch (brake.scope) {
    case 'campaign':
      return brake.tenant_id === message.tenantId && brake.target === message.campaignId;
    case 'tenant':
      return brake.tenant_id === message.tenantId;
    case 'lane':
      return brake.target === message.lane;
    case 'provider':
      return brake.target === message.provider;
    default:
      return brake.scope satisfies never;
  }
}

/**
 * Gate: the strongest brake wins. Cancel beats pause (whoever cancels wants it gone, paused or not); both beat throttle, of
 * which the slowest counts.
 */
export function brakeGate(
  brakes: readonly BrakeRule[],
  message: Braked,
): { cancel: BrakeRule } | { pause: BrakeRule } | { throttle: BrakeRule } | { pass: true } {
  const concerning = brakes.filter((brake) => brakeConcerns(brake, message));
  const cancel = concerning.find((brake) => brake.action === 'cancel');
  if (cancel) return { cancel };
  const pause = concerning.find((brake) => brake.action === 'pause');
  if (pause) return { pause };
  const throttles = concerning.filter((brake) => brake.action === 'throttle');
  const slowest = throttles.toSorted((a, b) => (a.rate_per_second ?? 0) - (b.rate_per_second ?? 0))[0];
  return slowest ? { throttle: slowest } : { pass: true };
}

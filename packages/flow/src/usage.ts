/** Counts events of about the last second: each counts 1 and decays with a time constant of one second. */
export type Usage = { count: number; atMs: number };

export function perSecond(usage: Usage, nowMs: number): number {
  return usage.count * Math.exp(-Math.max(0, nowMs - usage.atMs) / 1_000);
}

export function countOne(usage: Usage, nowMs: number, times = 1): void {
  usage.count = times + perSecond(usage, nowMs);
  usage.atMs = nowMs;
}

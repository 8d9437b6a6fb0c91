export type Percentiles = { p50: number; p95: number; p99: number; max: number; count: number };

/** Exact percentiles (nearest rank) of milliseconds, rounded to a hundredth. */
export function percentilesOf(values: Float64Array): Percentiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => rounded(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1), count: sorted.length };
}

export function medianOf(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

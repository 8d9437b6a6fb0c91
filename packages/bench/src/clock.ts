/**
 * Milliseconds of the machine's monotonic clock: the same in every process, so that instants of the load, of the provider and
 * of the bench can be subtracted. `performance.now()` counts from the start of its process; the difference is constant.
 */
const origin = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function monotonicMs(): number {
  return origin + performance.now();
}

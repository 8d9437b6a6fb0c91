import {
  type RateStore,
  RECOVERY_SECONDS,
  SLOW_DOWN_ONCE_MS,
  SLOWED_FOR_MS,
  type SlotGrant,
  type SlotRequest,
  type SlowDown,
} from '@outrigger/store/rate-slots';

/** A key's row as `rate_slots` has it, in milliseconds of one clock. */
export type RateRow = {
  nextAtMs: number;
  ratePerSecond: number;
  used: number;
  usedAtMs: number;
  slowed?: { ceiling: number; floor: number; atMs: number };
};

/**
 * GCRA (ITU-T I.371) by chunks, as a pure function: the rule that the ledger's statement carries out, kept here for the time
 * when the ledger is away. A test holds both to the same answers.
 */
export function reserveSlots(
  row: RateRow | undefined,
  request: SlotRequest,
  nowMs: number,
): { row: RateRow; grant: SlotGrant } {
  const before = row ?? newRow(request, nowMs);
  const ratePerSecond = rateNow(before, request.ratePerSecond, nowMs);
  const mostInChunk = Math.max(1, Math.ceil((ratePerSecond * request.chunkMs) / 1_000));
  const freeAtMs = nextAt(before, ratePerSecond, nowMs);
  const granted = freeAtMs > nowMs + request.aheadMs ? 0 : Math.min(request.wanted, mostInChunk);
  const startAtMs = Math.max(freeAtMs, nowMs);
  const nextAtMs = granted > 0 ? startAtMs + (granted * 1_000) / ratePerSecond : freeAtMs;
  return {
    row: { ...before, nextAtMs, ratePerSecond, used: granted + usedNow(before, nowMs), usedAtMs: nowMs },
    grant: {
      granted,
      startsInMs: (granted > 0 ? startAtMs : freeAtMs) - nowMs,
      ratePerSecond,
      slowed: before.slowed !== undefined && before.slowed.atMs > nowMs - SLOWED_FOR_MS,
    },
  };
}

/** What a throttle does to the row: the rate halves (once for all that were under way), and nobody sends during a pause. */
export function slowDownRow(row: RateRow | undefined, request: SlowDown, nowMs: number): RateRow {
  const before = row ?? newRow(request, nowMs);
  const nextAtMs = Math.max(before.nextAtMs, nowMs + request.pauseMs);
  const floor = request.floorPerSecond;
  if (before.slowed && before.slowed.atMs > nowMs - SLOW_DOWN_ONCE_MS) {
    return { ...before, nextAtMs, slowed: { ...before.slowed, floor } };
  }
  const used = Math.max(request.observedPerSecond, usedNow(before, nowMs));
  const ceiling = Math.max(floor, Math.min(rateNow(before, request.ratePerSecond, nowMs), used));
  return { ...before, nextAtMs, slowed: { ceiling, floor, atMs: nowMs } };
}

function newRow({ ratePerSecond }: { ratePerSecond: number }, nowMs: number): RateRow {
  return { nextAtMs: nowMs, ratePerSecond, used: 0, usedAtMs: nowMs };
}

/** A rate that went up (a brake released, a limit raised) also brings nearer what was put off at the old rate. */
function nextAt(row: RateRow, ratePerSecond: number, nowMs: number): number {
  if (row.slowed || row.nextAtMs <= nowMs || ratePerSecond <= 2 * row.ratePerSecond) return row.nextAtMs;
  return nowMs + (row.nextAtMs - nowMs) * (row.ratePerSecond / ratePerSecond);
}

function rateNow(row: RateRow, configured: number, nowMs: number): number {
  if (!row.slowed) return configured;
  const { ceiling, floor, atMs } = row.slowed;
  const phase = ((nowMs - atMs) / 1_000 - RECOVERY_SECONDS) / RECOVERY_SECONDS;
  return Math.min(configured, Math.max(floor, ceiling * (1 + 0.5 * phase ** 3)));
}

function usedNow(row: RateRow, nowMs: number): number {
  return row.used * Math.exp(-Math.max(0, nowMs - row.usedAtMs) / 1_000);
}

/** Keeps the rows in this process: right for one process, and the stand-in while the ledger is away. */
export function createLocalRateStore(now: () => number): RateStore {
  const rows = new Map<string, RateRow>();
  return {
    async reserve(request) {
      const { row, grant } = reserveSlots(rows.get(request.key), request, now());
      rows.set(request.key, row);
      return grant;
    },
    async slowDown(request) {
      rows.set(request.key, slowDownRow(rows.get(request.key), request, now()));
    },
  };
}

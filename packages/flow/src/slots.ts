/** Consecutive slots that this process holds: the first at `atMs`, then one every `intervalMs`. Instants are of one clock. */
type Chunk = { atMs: number; intervalMs: number; left: number };

/** Reserved slots of one key, in order of time. */
export type Slots = { chunks: Chunk[] };

/**
 * A slot that nobody used for this long after its time is lost, so that what was not sent is not saved up: any window of a
 * second sees at most rate x (1 + SLOT_LIFE_MS / 1000) messages. Long enough to bridge a late timer.
 */
export const SLOT_LIFE_MS = 50;

export function addSlots(slots: Slots, firstAtMs: number, ratePerSecond: number, count: number): void {
  if (count > 0) slots.chunks.push({ atMs: firstAtMs, intervalMs: 1_000 / ratePerSecond, left: count });
}

/** Uses up the earliest slot that is due and not lost. */
export function takeSlot(slots: Slots, nowMs: number): boolean {
  dropLost(slots, nowMs);
  const chunk = slots.chunks[0];
  if (!chunk || chunk.atMs > nowMs) return false;
  advance(slots, chunk, 1);
  return true;
}

/** When the next slot is due, or undefined when none is held. */
export function nextSlotAt(slots: Slots, nowMs: number): number | undefined {
  dropLost(slots, nowMs);
  return slots.chunks[0]?.atMs;
}

/** When the last held slot is due, or undefined when none is held. */
export function lastSlotAt(slots: Slots): number | undefined {
  const chunk = slots.chunks.at(-1);
  return chunk && chunk.atMs + (chunk.left - 1) * chunk.intervalMs;
}

export function countSlots(slots: Slots, nowMs: number): number {
  dropLost(slots, nowMs);
  return slots.chunks.reduce((sum, chunk) => sum + chunk.left, 0);
}

function dropLost(slots: Slots, nowMs: number): void {
  for (let chunk = slots.chunks[0]; chunk; chunk = slots.chunks[0]) {
    const late = nowMs - SLOT_LIFE_MS - chunk.atMs;
    if (late <= 0) return;
    const lost = chunk.intervalMs > 0 ? Math.ceil(late / chunk.intervalMs) : chunk.left;
    advance(slots, chunk, Math.min(chunk.left, lost));
  }
}

function advance(slots: Slots, chunk: Chunk, count: number): void {
  chunk.left -= count;
  chunk.atMs += count * chunk.intervalMs;
  if (chunk.left <= 0) slots.chunks.shift();
}

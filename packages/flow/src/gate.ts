import { LANE_CLASSES, type LaneClass } from '@outrigger/core';
import type { RateStore, SlotGrant } from '@outrigger/store/rate-slots';
import { addSlots, countSlots, lastSlotAt, nextSlotAt, type Slots, takeSlot } from './slots.ts';
import { countOne, perSecond } from './usage.ts';

/** One reservation is about this much of the rate. */
const CHUNK_MS = 100;
/** The next chunk is reserved this long before the held one ends, so that slots follow each other without a gap. */
const EARLY_MS = 50;
/** With many processes their chunks queue up behind each other; each then takes smaller ones, to keep that queue short. */
const QUEUE_OF_CHUNKS_MS = 200;
/** Slots that are due within this time of each other are handed out together: a timer for every one costs more than the rest. */
const TICK_MS = 5;
const LONGEST_BUSY_MS = 60_000;
/** A process is taken to get at least this part of the rate, whatever it was served in the last second. */
const LEAST_SHARE = 16;

export type Admitted = { waitedMs: number } | { busyForMs: number };

export type Clock = {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back once after `delayMs`; the answer cancels it. */
  after(delayMs: number, callback: () => void): () => void;
};

type Waiter = {
  sinceMs: number;
  deadlineMs: number;
  signal: AbortSignal;
  books: boolean;
  resolve(result: Admitted): void;
};

export type EnterOptions = {
  /**
   * Standard and high throughput take turns at the slots, so that a flood of one leaves half of them to the other; bulk, which is
   * the default, gets what they leave.
   */
  laneClass?: LaneClass;
  /** A message that is turned away here goes elsewhere: it is not counted among those that come back. */
  tentative?: boolean;
};

/** The process's door of one key: holds reserved slots and hands them to who waits, by class. */
export type Gate = {
  enter(
    ratePerSecond: number,
    signal: AbortSignal,
    maxWaitMs: number,
    options: EnterOptions,
  ): Admitted | Promise<Admitted>;
  /** Turns away those who wait with this signal. */
  cancel(signal: AbortSignal): void;
  /** Drops held slots after a throttle. */
  drop(): void;
  count(messages?: number): void;
  observed(): number;
  isIdle(): boolean;
  /** A key without a rate of its own is limited until then, because its provider throttled. */
  slowedUntilMs: number;
};

export function createGate(key: string, store: RateStore, clock: Clock): Gate {
  const slots: Slots = { chunks: [] };
  const queues: Record<LaneClass, Waiter[]> = { standard: [], ht: [], bulk: [] };
  /** Whose turn it is when both of them wait. */
  let turn: 'standard' | 'ht' = 'standard';
  const usage = { count: 0, atMs: 0 };
  const served = { count: 0, atMs: 0 };
  let configured = Number.POSITIVE_INFINITY;
  let rate = Number.POSITIVE_INFINITY;
  let reserving = false;
  let cancelTimer: (() => void) | undefined;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  /** The ledger said that no slot is free before this. */
  let fullUntilMs = 0;
  let chunkMs = CHUNK_MS;
  /** Until when those who were turned away fill the rate: the next one is told to come after them. */
  let turnedAwayUntilMs = 0;
  let crowdedSinceMs = Number.POSITIVE_INFINITY;
  /** No waiter's deadline is before this. */
  let soonestDeadlineMs = Number.POSITIVE_INFINITY;

  const waiting = () => queues.standard.length + queues.ht.length + queues.bulk.length;
  const otherThan = (one: 'standard' | 'ht') => (one === 'standard' ? 'ht' : 'standard');

  /** Everybody who waits, in the order in which slots are handed out. */
  function inOrder(): Waiter[] {
    const [first, second] = [queues[turn], queues[otherThan(turn)]];
    const turns = Array.from({ length: Math.max(first.length, second.length) }, (_, place) => [
      first[place],
      second[place],
    ]);
    return [...turns.flat().filter((waiter) => waiter !== undefined), ...queues.bulk];
  }

  /** How many slots are handed out before the next one of a class that comes now. */
  function aheadOf(laneClass: LaneClass): number {
    if (laneClass === 'bulk') return waiting();
    const own = queues[laneClass].length;
    return own + Math.min(own + 1, queues[otherThan(laneClass)].length);
  }

  function keepOnly(stays: (waiter: Waiter) => boolean): void {
    for (const laneClass of LANE_CLASSES) queues[laneClass] = queues[laneClass].filter(stays);
  }

  /** How fast this process's queue moves: what it was served lately once it has been waiting for a while. */
  function ownRate(nowMs: number): number {
    if (nowMs - crowdedSinceMs < 1_000) return rate;
    return Math.min(rate, Math.max(rate / LEAST_SHARE, perSecond(served, nowMs)));
  }

  /** `books`: the message comes back then, so the next one is told to come after it. */
  function busy(nowMs: number, books: boolean): Admitted {
    const own = ownRate(nowMs);
    const freeAtMs = Math.max(fullUntilMs, nowMs + (waiting() / own) * 1_000, turnedAwayUntilMs);
    const comesAtMs = Math.min(freeAtMs, nowMs + LONGEST_BUSY_MS) + 1_000 / own;
    if (books) turnedAwayUntilMs = comesAtMs;
    return { busyForMs: Math.ceil(Math.min(LONGEST_BUSY_MS, Math.max(1, comesAtMs - nowMs))) };
  }

  function pass(waiter: Waiter, nowMs: number): void {
    countOne(served, nowMs);
    waiter.resolve({ waitedMs: nowMs - waiter.sinceMs });
  }

  function nextWaiter(): Waiter | undefined {
    const urgent = ([turn, otherThan(turn)] as const).find((laneClass) => queues[laneClass].length > 0);
    if (urgent) turn = otherThan(urgent);
    return queues[urgent ?? 'bulk'].shift();
  }

  /** Turns away who cannot be served in time: the deadline is over, or no held slot is left and the ledger is full past it. */
  function turnAwayLate(nowMs: number): void {
    if (nowMs < soonestDeadlineMs && soonestDeadlineMs >= fullUntilMs) return;
    let held = countSlots(slots, nowMs);
    soonestDeadlineMs = Number.POSITIVE_INFINITY;
    const out: Waiter[] = [];
    const staying = new Set<Waiter>();
    for (const waiter of inOrder()) {
      if (waiter.deadlineMs > nowMs && (held-- > 0 || waiter.deadlineMs >= fullUntilMs)) {
        soonestDeadlineMs = Math.min(soonestDeadlineMs, waiter.deadlineMs);
        staying.add(waiter);
      } else out.push(waiter);
    }
    keepOnly((waiter) => staying.has(waiter));
    for (const waiter of out) waiter.resolve(busy(nowMs, waiter.books));
  }

  function pump(): void {
    const nowMs = clock.now();
    if (waiting() > 0 && crowdedSinceMs > nowMs) crowdedSinceMs = nowMs;
    while (waiting() > 0 && takeSlot(slots, nowMs)) pass(nextWaiter()!, nowMs);
    if (waiting() > 0) turnAwayLate(nowMs);
    if (waiting() === 0) {
      crowdedSinceMs = Number.POSITIVE_INFINITY;
      return;
    }
    const reserveAtMs = reserving ? Number.POSITIVE_INFINITY : timeToReserve(nowMs);
    if (reserveAtMs <= nowMs) void reserve(nowMs);
    const slotAtMs = nextSlotAt(slots, nowMs) ?? Number.POSITIVE_INFINITY;
    wake(Math.min(slotAtMs, soonestDeadlineMs, reserveAtMs > nowMs ? reserveAtMs : Number.POSITIVE_INFINITY));
  }

  function wake(atMs: number): void {
    if (atMs >= wakeAtMs) return;
    cancelTimer?.();
    wakeAtMs = atMs;
    cancelTimer = clock.after(Math.max(TICK_MS, atMs - clock.now()), () => {
      cancelTimer = undefined;
      wakeAtMs = Number.POSITIVE_INFINITY;
      pump();
    });
  }

  function timeToReserve(nowMs: number): number {
    if (countSlots(slots, nowMs) >= waiting()) return Number.POSITIVE_INFINITY;
    const last = lastSlotAt(slots);
    return last === undefined ? nowMs : last - EARLY_MS;
  }

  async function reserve(nowMs: number): Promise<void> {
    reserving = true;
    const wanted = Math.ceil(
      Math.max(waiting() - countSlots(slots, nowMs), (perSecond(usage, nowMs) * chunkMs) / 1_000),
    );
    const latestMs = inOrder().reduce((latest, waiter) => Math.max(latest, waiter.deadlineMs), 0);
    const aheadMs = Math.max(0, latestMs - nowMs);
    keep(await store.reserve({ key, ratePerSecond: configured, wanted, chunkMs, aheadMs }), clock.now());
    reserving = false;
    pump();
  }

  function keep(grant: SlotGrant, nowMs: number): void {
    rate = grant.ratePerSecond;
    if (grant.slowed) gate.slowedUntilMs = Math.max(gate.slowedUntilMs, nowMs + 1_000);
    chunkMs = CHUNK_MS / (1 + Math.max(0, grant.startsInMs) / QUEUE_OF_CHUNKS_MS);
    if (grant.granted > 0) addSlots(slots, nowMs + grant.startsInMs, grant.ratePerSecond, grant.granted);
    else fullUntilMs = nowMs + grant.startsInMs;
  }

  const gate: Gate = {
    slowedUntilMs: 0,
    enter(ratePerSecond, signal, maxWaitMs, { laneClass = 'bulk', tentative = false }) {
      const books = !tentative;
      const nowMs = clock.now();
      configured = ratePerSecond;
      rate = Math.min(rate, ratePerSecond);
      countOne(usage, nowMs);
      const ahead = aheadOf(laneClass);
      if (ahead === 0 && takeSlot(slots, nowMs)) {
        countOne(served, nowMs);
        return { waitedMs: 0 };
      }
      const atLeastMs = ((ahead - countSlots(slots, nowMs)) / ownRate(nowMs)) * 1_000;
      if (atLeastMs > maxWaitMs || fullUntilMs > nowMs + maxWaitMs) return busy(nowMs, books);
      return new Promise<Admitted>((resolve) => {
        const deadlineMs = nowMs + maxWaitMs;
        queues[laneClass].push({ sinceMs: nowMs, deadlineMs, signal, books, resolve });
        soonestDeadlineMs = Math.min(soonestDeadlineMs, deadlineMs);
        pump();
      });
    },
    cancel(signal) {
      const leaving = inOrder().filter((waiter) => waiter.signal === signal);
      if (leaving.length === 0) return;
      keepOnly((waiter) => waiter.signal !== signal);
      for (const waiter of leaving) waiter.resolve({ busyForMs: 1 });
    },
    drop() {
      slots.chunks = [];
    },
    count: (messages = 1) => countOne(usage, clock.now(), messages),
    observed: () => perSecond(usage, clock.now()),
    isIdle: () => waiting() === 0 && !reserving && perSecond(usage, clock.now()) < 0.001,
  };
  return gate;
}

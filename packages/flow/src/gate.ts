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
  /** Goes before everyone else who waits in this process. */
  urgent?: boolean;
  /** A message that is turned away here goes elsewhere: it is not counted among those that come back. */
  tentative?: boolean;
};

/** The process's door of one key: holds reserved slots and hands them to who waits, the urgent first. */
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
  let urgentQueue: Waiter[] = [];
  let queue: Waiter[] = [];
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

  const waiting = () => urgentQueue.length + queue.length;

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
    const from = urgentQueue.length > 0 ? urgentQueue : queue;
    return from.shift();
  }

  /** Turns away who cannot be served in time: the deadline is over, or no held slot is left and the ledger is full past it. */
  function turnAwayLate(nowMs: number): void {
    if (nowMs < soonestDeadlineMs && soonestDeadlineMs >= fullUntilMs) return;
    let held = countSlots(slots, nowMs);
    soonestDeadlineMs = Number.POSITIVE_INFINITY;
    const out: Waiter[] = [];
    const inTime = (waiter: Waiter) => {
      const stays = waiter.deadlineMs > nowMs && (held-- > 0 || waiter.deadlineMs >= fullUntilMs);
      if (stays) soonestDeadlineMs = Math.min(soonestDeadlineMs, waiter.deadlineMs);
      else out.push(waiter);
      return stays;
    };
    urgentQueue = urgentQueue.filter(inTime);
    queue = queue.filter(inTime);
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
    const latestMs = [...urgentQueue, ...queue].reduce((latest, waiter) => Math.max(latest, waiter.deadlineMs), 0);
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
    enter(ratePerSecond, signal, maxWaitMs, { urgent = false, tentative = false }) {
      const books = !tentative;
      const nowMs = clock.now();
      configured = ratePerSecond;
      rate = Math.min(rate, ratePerSecond);
      countOne(usage, nowMs);
      const ahead = urgent ? urgentQueue.length : waiting();
      if (ahead === 0 && takeSlot(slots, nowMs)) {
        countOne(served, nowMs);
        return { waitedMs: 0 };
      }
      const atLeastMs = ((ahead - countSlots(slots, nowMs)) / ownRate(nowMs)) * 1_000;
      if (atLeastMs > maxWaitMs || fullUntilMs > nowMs + maxWaitMs) return busy(nowMs, books);
      return new Promise<Admitted>((resolve) => {
        const deadlineMs = nowMs + maxWaitMs;
        (urgent ? urgentQueue : queue).push({ sinceMs: nowMs, deadlineMs, signal, books, resolve });
        soonestDeadlineMs = Math.min(soonestDeadlineMs, deadlineMs);
        pump();
      });
    },
    cancel(signal) {
      const leaving = [...urgentQueue, ...queue].filter((waiter) => waiter.signal === signal);
      if (leaving.length === 0) return;
      urgentQueue = urgentQueue.filter((waiter) => waiter.signal !== signal);
      queue = queue.filter((waiter) => waiter.signal !== signal);
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

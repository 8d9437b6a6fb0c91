/**
 * The load, a process of its own: `node load-main.ts`, told over IPC what to do. Open loop: calls are due at random instants of a
 * fixed rate and are measured from then, however late they could be sent (no coordinated omission). Closed loop: as many calls
 * as the whole system keeps up with, only as many messages accepted and not
 * yet delivered as it delivers in a moment.
 */
import { monotonicMs } from '../clock.ts';
import { createCallBook } from './call-book.ts';
import { type CallPlan, type CallTemplate, createCallTemplate } from './call-template.ts';
import { type Connection, openConnection } from './connection.ts';

export type ToLoad =
  | { kind: 'plan'; port: number; calls: CallPlan }
  | { kind: 'pace'; callsPerSecond: number }
  | { kind: 'saturate'; connections: number; outstandingMessages: number }
  | { kind: 'pause' }
  /** How many messages the provider has: what the closed loop is closed with. */
  | { kind: 'taken'; taken: number }
  | { kind: 'save'; path: string };
export type LoadCounts = { calls: number; accepted: number; refused: number; underWay: number };
export type FromLoad = { kind: 'counts'; counts: LoadCounts } | { kind: 'saved' };

const TELL_EVERY_MS = 20;
/** More than this and the calls wait here, on the clock. */
const MOST_CONNECTIONS = 1_000;
const REFUSED_PAUSE_MS = 50;

type Mode = { kind: 'pause' } | Extract<ToLoad, { kind: 'pace' | 'saturate' }>;

const book = createCallBook();
const counts: LoadCounts = { calls: 0, accepted: 0, refused: 0, underWay: 0 };
const idle: Connection[] = [];
/** Calls that are due and wait for a connection. */
const due: number[] = [];
let firstDue = 0;
let opened = 0;
let template: CallTemplate;
let port = 0;
let taken = 0;
let mode: Mode = { kind: 'pause' };
let nextDueAt = 0;
let pausedUntil = 0;

function place(call: number): boolean {
  let connection = idle.pop();
  if (!connection) {
    if (opened === MOST_CONNECTIONS) return false;
    opened++;
    connection = openConnection(port);
  }
  const used = connection;
  counts.underWay++;
  used.send(template.request(call, call * template.recipients), (status, answer) => {
    const at = monotonicMs();
    book.answered(call, at, status, answer);
    counts.underWay--;
    if (status === 202) counts.accepted++;
    else {
      counts.refused++;
      pausedUntil = at + REFUSED_PAUSE_MS;
    }
    idle.push(used);
    placeDue();
    fill();
  });
  return true;
}

function placeDue(): void {
  while (firstDue < due.length && place(due[firstDue]!)) firstDue++;
  if (firstDue === due.length || firstDue > 10_000) {
    due.splice(0, firstDue);
    firstDue = 0;
  }
}

/** Open loop: makes due what is due by now. Gaps are exponential, as those of callers who know nothing of each other. */
function tick(): void {
  if (mode.kind === 'pace') {
    const now = monotonicMs();
    const meanGapMs = 1_000 / mode.callsPerSecond;
    while (nextDueAt <= now) {
      due.push(book.add(nextDueAt));
      counts.calls++;
      nextDueAt -= Math.log(1 - Math.random()) * meanGapMs;
    }
    placeDue();
  } else fill();
  setTimeout(tick, mode.kind === 'pace' ? 1 : 10);
}

/**
 * How many messages may be under way while the top rate is looked for: what the system delivers in three quarters of a second.
 * Enough to keep every stage busy, little enough that the end of a run need not wait for a backlog.
 */
const OUTSTANDING_SECONDS = 0.75;
const LEAST_OUTSTANDING = 400;
const BOUND_EVERY_MS = 500;
let bound = LEAST_OUTSTANDING;
let lastBound = { at: monotonicMs(), taken: 0 };
setInterval(() => {
  const at = monotonicMs();
  bound = Math.max(LEAST_OUTSTANDING, (OUTSTANDING_SECONDS * (taken - lastBound.taken) * 1_000) / (at - lastBound.at));
  lastBound = { at, taken };
}, BOUND_EVERY_MS);

/** Closed loop: calls until connections or messages under way are at their bound. */
function fill(): void {
  if (mode.kind !== 'saturate') return;
  const now = monotonicMs();
  if (now < pausedUntil) return;
  while (counts.underWay < mode.connections) {
    const outstanding = (counts.accepted + counts.underWay) * template.recipients - taken;
    if (outstanding + template.recipients > Math.min(bound, mode.outstandingMessages)) return;
    counts.calls++;
    place(book.add(now));
  }
}

process.on('message', (message: ToLoad) => {
  if (message.kind === 'plan') {
    template = createCallTemplate(message.calls);
    port = message.port;
  } else if (message.kind === 'taken') {
    taken = message.taken;
    fill();
  } else if (message.kind === 'save') {
    book.save(message.path);
    process.send?.({ kind: 'saved' } satisfies FromLoad);
  } else {
    mode = message;
    nextDueAt = monotonicMs();
    fill();
  }
});
process.on('disconnect', () => process.exit(0));
setInterval(() => process.send?.({ kind: 'counts', counts } satisfies FromLoad), TELL_EVERY_MS);
tick();

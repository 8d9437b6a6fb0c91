import { LANE_NAMES, type Lane } from '@outrigger/core';
import { laneOldestSeconds, laneWaitingMessages } from '@outrigger/metrics';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import { type Backlog, type Pool, readBacklog } from '@outrigger/store';

/** What waits, as of a moment ago: for admission and for fair order. One reader a process, never one a call. */
export type BacklogMonitor = Part & {
  /** Messages of a tenant that wait in a lane. */
  tenantMessages(tenantId: number, lane: Lane): number;
  /** How long the oldest due batch of the lane has been waiting. */
  oldestAgeMs(lane: Lane): number;
};

const READ_EVERY_MS = 250;
/** Reading may not take more than a small share of the ledger's time, however long the backlog is. */
const REST_FACTOR = 50;

export function startBacklogMonitor(pool: Pool, log: Log): BacklogMonitor {
  let messages = new Map<string, number>();
  let ages = new Map<Lane, number>();

  function keep(rows: Backlog[]): void {
    messages = new Map(rows.map((row) => [`${row.tenantId} ${row.lane}`, row.messages]));
    ages = new Map();
    for (const row of rows) {
      ages.set(row.lane, Math.max(row.oldestAgeMs, ages.get(row.lane) ?? 0));
    }
    for (const lane of LANE_NAMES) {
      const waiting = rows.reduce((sum, row) => (row.lane === lane ? sum + row.messages : sum), 0);
      laneWaitingMessages.set({ lane }, waiting);
      laneOldestSeconds.set({ lane }, (ages.get(lane) ?? 0) / 1_000);
    }
  }

  const part = startRounds('backlog monitor', async () => {
    const startedAt = performance.now();
    try {
      keep(await readBacklog(pool));
    } catch (error) {
      // What was known stays; with the ledger away nothing can be accepted anyway.
      log.warn({ event: 'backlog.read_failed', ...errorFields(error) });
    }
    const tookMs = performance.now() - startedAt;
    return Math.max(READ_EVERY_MS, tookMs * REST_FACTOR);
  });

  return {
    ...part,
    tenantMessages: (tenantId, lane) => messages.get(`${tenantId} ${lane}`) ?? 0,
    oldestAgeMs: (lane) => ages.get(lane) ?? 0,
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import type { VersionDefinition } from '@outrigger/contracts';
import { LANE_NAMES, LANES, type Lane, laneFor } from '@outrigger/core';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import {
  failExecution,
  fireSchedules,
  type Pool,
  type RunningExecution,
  readWaiting,
  runningExecutions,
  writePage,
} from '@outrigger/store';
import type { Enqueue } from './enqueue.ts';
import { seedRecipients } from './seeds.ts';

export type FanOutDeps = {
  pool: Pool;
  enqueue: Enqueue;
  log: Log;
  /** How long the oldest due message of a lane has been waiting. */
  oldestAgeMs(lane: Lane): number;
  /** A tenant's messages in a bulk lane that may wait before the next page is written. */
  maxWaiting: number;
};

/** Profiles that one transaction looks at. */
const PAGE = 1_000;
const CHUNK = 100;
const LOOK_EVERY_MS = 500;
/** While a transactional lane is further behind than this, audiences wait: they would only take its time. */
const YIELD_AFTER_MS = 2_000;
/** An audience of a campaign with a rate gets this long; who is not reached by then is left over (spec 9). */
const RATE_WINDOW_MS = 12 * 60 * 60_000;
/** Of a campaign with a rate so many seconds' worth wait at most: what waits longer only waits in the wrong place. */
const RATE_AHEAD_SECONDS = 10;

/**
 * Turns audience executions into messages, page by page and no faster than they are delivered, and fires the schedules that are
 * due. Several may run at once: a page belongs to whoever locks its execution.
 */
export function startFanOut(deps: FanOutDeps): Part {
  const stop = new AbortController();
  const round = createFanOut(deps);

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      let wrote = false;
      try {
        const fired = await fireSchedules(deps.pool);
        if (fired.started + fired.failed + fired.canceled > 0) deps.log.info({ event: 'schedules.fired', ...fired });
        wrote = await round();
      } catch (error) {
        deps.log.warn({ event: 'fan_out.failed', ...errorFields(error) });
      }
      if (!wrote) await delay(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
  const working = work();
  return {
    name: 'fan-out',
    async stop() {
      stop.abort();
      await working;
    },
  };
}

/**
 * Makes a function that writes one page of every execution under way, so that none waits for another to end, and says whether it
 * wrote any. A round begins behind the execution that got the last page of the round before: when there is room for one page
 * only, executions of a tenant take turns.
 */
export function createFanOut(deps: FanOutDeps): () => Promise<boolean> {
  let served: string | undefined;
  return async function round() {
    let wrote = false;
    const running = await runningExecutions(deps.pool);
    const first = running.findIndex(({ executionId }) => executionId === served) + 1;
    for (const execution of [...running.slice(first), ...running.slice(0, first)]) {
      if (isTransactionalBehind(deps)) return false;
      if (!(await fanOutPage(execution, deps))) continue;
      served = execution.executionId;
      wrote = true;
    }
    return wrote;
  };
}

async function fanOutPage(execution: RunningExecution, deps: FanOutDeps): Promise<boolean> {
  const definition = execution.definition as unknown as VersionDefinition;
  const lane = laneFor(definition.channel, definition.lane_class);
  if (lane === undefined) throw new Error(`version ${execution.versionId} has no lane`);
  // Accepted while the campaign was live: the end of its window does not take that back, a stop does (spec 9).
  if (!['LIVE', 'SCHEDULED', 'COMPLETED'].includes(execution.campaignStatus)) {
    await failExecution(deps.pool, execution.executionId, 'canceled.campaign_stopped');
    return true;
  }
  const { rate_per_second: rate } = definition;
  const { most, room } = await roomFor(execution, lane, rate, deps);
  const windowEndMs = rate ? execution.startedAt.getTime() + RATE_WINDOW_MS : Number.POSITIVE_INFINITY;
  const countOnly = Date.now() >= windowEndMs;
  // Not for a handful: a page costs a transaction, whatever its size.
  if (room < Math.min(PAGE, most / 2) && !countOnly) return false;
  const page = await writePage(deps.pool, execution.executionId, {
    lane,
    namespace: definition.identity_namespace,
    limit: countOnly ? PAGE : Math.min(PAGE, room),
    chunkSize: CHUNK,
    expiresAt: new Date(Math.min(Date.now() + definition.deadline_ms, windowEndMs)),
    countOnly,
    copies: seedRecipients(execution),
  });
  if (!page) return false;
  if (page.batches.length > 0) deps.enqueue(page.batches);
  if (page.done) deps.log.info({ event: 'audience.exported', execution_id: execution.executionId });
  return true;
}

/** How many more messages may wait: of the tenant in the lane, and of a campaign with a rate, whose own are counted apart. */
async function roomFor(
  { tenantId, campaignId }: RunningExecution,
  lane: Lane,
  rate: number | null,
  { pool, maxWaiting }: FanOutDeps,
): Promise<{ most: number; room: number }> {
  const room = maxWaiting - (await readWaiting(pool, tenantId, lane));
  if (rate === null) return { most: maxWaiting, room };
  const most = Math.min(maxWaiting, Math.max(CHUNK, rate * RATE_AHEAD_SECONDS));
  return { most, room: Math.min(room, most - (await readWaiting(pool, tenantId, lane, campaignId))) };
}

function isTransactionalBehind(deps: Pick<FanOutDeps, 'oldestAgeMs'>): boolean {
  return LANE_NAMES.some((lane) => LANES[lane].laneClass !== 'bulk' && deps.oldestAgeMs(lane) > YIELD_AFTER_MS);
}

import { setTimeout as delay } from 'node:timers/promises';
import { deriveTiming, type Lane } from '@outrigger/core';
import { type LaneQueue, openLaneQueue, type QueueStore } from '@outrigger/queue';
import type { Pool } from '@outrigger/store';
import type { Processes, Role, SystemProcess } from './processes.ts';
import { TIMING } from './processes.ts';
import type { Random } from './random.ts';
import type { Recovery } from './recovery.ts';
import type { Stores } from './stores.ts';

export type FaultContext = {
  processes: Processes;
  stores: Stores;
  pool: Pool;
  queueStore: QueueStore;
  random: Random;
  recovery: Recovery;
};

/** One way to hurt the system. `happen` resolves with what was really hit (processes killed), once it is over. */
export type Fault = {
  name: string;
  weight: number;
  /** Only with queues on Redis. */
  redisOnly?: true;
  /** Only where there is such a process. */
  needs?: Role;
  /** Whether there is something to hit right now. */
  possible(context: FaultContext): boolean;
  happen(context: FaultContext): Promise<{ killed: number }>;
};

const { leaseMs } = deriveTiming(TIMING.PROVIDER_TIMEOUT_MS);
const LONG_FREEZE_MS = { from: leaseMs + 2_000, to: leaseMs + 6_000 };

function upOf(context: FaultContext, role: Role): SystemProcess[] {
  return context.processes.of(role).filter((one) => one.state === 'up' || one.state === 'frozen');
}

function killOf(role: Role, weight: number): Fault {
  return {
    name: `kill ${role}`,
    weight,
    possible: (context) => upOf(context, role).length > 0,
    async happen(context) {
      const processId = await context.random.pick(upOf(context, role)).kill();
      if (role.endsWith('-worker')) context.recovery.workerLost(processId);
      return { killed: 1 };
    },
  };
}

function freezeOf(role: Role, weight: number, length: { from: number; to: number }, name: string): Fault {
  const running = (context: FaultContext) => context.processes.of(role).filter((one) => one.state === 'up');
  return {
    name: `freeze ${role} ${name}`,
    weight,
    possible: (context) => running(context).length > 0,
    async happen(context) {
      const target = context.random.pick(running(context));
      const { processId } = target;
      target.freeze();
      await delay(context.random.between(length.from, length.to));
      // It may have been killed meanwhile; its successor is not ours to wake.
      if (target.processId === processId) target.thaw();
      return { killed: 0 };
    },
  };
}

const SHORT = { from: 300, to: 3_000 };
const redisUp = ({ stores }: FaultContext) => stores.state.redis === 'up';

export const FAULTS: Fault[] = [
  killOf('email-worker', 34),
  killOf('ingress', 16),
  killOf('sms-worker', 8),
  killOf('push-worker', 8),
  killOf('dispatcher', 6),
  killOf('control', 1),
  { ...killOf('gateway', 6), needs: 'gateway' },
  killOf('provider', 5),
  {
    name: 'kill everything',
    weight: 1,
    possible: () => true,
    async happen(context) {
      const all = context.processes.all.filter((one) => one.state === 'up' || one.state === 'frozen');
      const gone = await Promise.all(all.map((one) => one.kill()));
      all.forEach((one, place) => {
        if (one.role.endsWith('-worker')) context.recovery.workerLost(gone[place]!);
      });
      return { killed: gone.length };
    },
  },
  {
    name: 'crash postgres',
    weight: 8,
    possible: ({ stores }) => stores.state.postgres === 'up',
    async happen({ stores, random, processes, recovery }) {
      await stores.crashPostgres(random.between(0, 3_000));
      const backAt = performance.now();
      await untilServing(processes.of('ingress'));
      recovery.note('calls accepted again after PostgreSQL came back', backAt);
      return { killed: 1 };
    },
  },
  {
    name: 'crash redis',
    weight: 8,
    redisOnly: true,
    possible: redisUp,
    async happen({ stores, random }) {
      await stores.crashRedis(random.between(0, 4_000));
      return { killed: 1 };
    },
  },
  {
    name: 'rewind redis',
    weight: 3,
    redisOnly: true,
    possible: redisUp,
    async happen({ stores, random }) {
      await stores.rewindRedis(random.between(500, 3_000));
      return { killed: 1 };
    },
  },
  {
    name: 'flush redis',
    weight: 3,
    redisOnly: true,
    possible: redisUp,
    async happen({ stores }) {
      await stores.flushRedis();
      return { killed: 0 };
    },
  },
  {
    name: 'freeze redis',
    weight: 2,
    redisOnly: true,
    possible: redisUp,
    async happen({ stores, random }) {
      await stores.freezeRedis(random.between(500, 5_000));
      return { killed: 0 };
    },
  },
  {
    name: 'deliver jobs again',
    weight: 8,
    possible: ({ stores }) => stores.state.postgres === 'up' && stores.state.redis === 'up',
    happen: deliverAgain,
  },
  freezeOf('email-worker', 4, SHORT, 'shortly'),
  freezeOf('email-worker', 4, LONG_FREEZE_MS, 'beyond its lease'),
  freezeOf('sms-worker', 2, LONG_FREEZE_MS, 'beyond its lease'),
  freezeOf('push-worker', 2, LONG_FREEZE_MS, 'beyond its lease'),
  freezeOf('ingress', 4, { from: 300, to: 5_000 }, 'shortly'),
  freezeOf('dispatcher', 2, LONG_FREEZE_MS, 'long'),
  freezeOf('provider', 2, SHORT, 'shortly'),
];

async function untilServing(ingresses: SystemProcess[]): Promise<void> {
  for (;;) {
    const answers = ingresses.map(({ url }) => fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }));
    const served = await Promise.allSettled(answers);
    if (served.some((answer) => answer.status === 'fulfilled' && answer.value.status === 200)) return;
    await delay(50);
  }
}

/**
 * Every queue delivers twice sooner or later. Here, for some seconds, each batch that a worker has in hand is put in once
 * more under another job id, so that another worker gets it while the first is at it.
 */
async function deliverAgain({ pool, queueStore, random }: FaultContext): Promise<{ killed: number }> {
  const mark = random.between(0, 1_000_000_000);
  const until = performance.now() + random.between(2_000, 5_000);
  const queues = new Map<Lane, LaneQueue>();
  const repeated = new Set<string>();
  while (performance.now() < until) {
    const { rows } = await pool.query<{ batch_id: string; lane: Lane }>(
      'SELECT batch_id, lane FROM batches WHERE token IS NOT NULL',
    );
    const again = rows.filter(({ batch_id }) => !repeated.has(batch_id));
    for (const [lane, batches] of Map.groupBy(again, (row) => row.lane)) {
      const queue = queues.get(lane) ?? openLaneQueue(queueStore, lane);
      queues.set(lane, queue);
      await queue.enqueue(batches.map(({ batch_id }) => ({ batchId: batch_id, jobId: `again-${mark}-${batch_id}` })));
    }
    for (const { batch_id } of again) repeated.add(batch_id);
    await delay(20);
  }
  await Promise.all([...queues.values()].map((queue) => queue.close()));
  if (repeated.size === 0) throw new Error('no batch was in hand');
  return { killed: 0 };
}

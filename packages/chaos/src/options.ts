import { parseArgs } from 'node:util';
import { SABOTAGES, type Sabotage } from './build.ts';
import type { QueueKind } from './stores.ts';

/** One run that is asked for. */
export type WantedRun = {
  queues: QueueKind;
  messages: number;
  kills: number;
  seed: number;
  gapMs: number;
  sabotage?: Sabotage;
};
export type Options = {
  runs: WantedRun[];
  save: boolean;
  keep: boolean;
  /** Nobody asked for Redis by name: where there is none, the runs on it are left out. */
  redisMayBeAbsent: boolean;
};

export const USAGE = `pnpm chaos [options]: load the whole system, break everything, and check that the promises hold
  --queues=redis|postgres   where the queues live (default: one run on each)
  --messages=N              messages to get accepted (default 200000)
  --kills=N                 processes to kill (default 200)
  --seed=N                  decides load, faults and misbehaviour (default: a new one)
  --gap=MS                  time between faults, on average (default 2000)
  --sabotage=claim|journal|commit   run a copy without that guard: the check has to fail
  --short                   both stores and one sabotage in a few minutes
  --save                    write the result to docs/proof/
  --keep                    keep the run's folder (logs, books, database)`;

const SHORT = { messages: 4_000, kills: 24, gapMs: 600 };
const SHORT_SABOTAGE = { messages: 2_500, kills: 16, gapMs: 500 };

/** Reads the command line; a string is what is wrong with it. */
export function readOptions(args: string[], newSeed: () => number): Options | string {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { save = false, keep = false } = given;
  const seed = numberOf(given.seed) ?? newSeed();
  const queues = given.queues;
  const sabotage = given.sabotage as Sabotage | undefined;
  if (queues !== undefined && queues !== 'redis' && queues !== 'postgres')
    return `--queues=${queues}: redis or postgres`;
  if (sabotage !== undefined && !SABOTAGES.includes(sabotage)) return `--sabotage=${sabotage}: ${SABOTAGES.join(', ')}`;
  for (const name of ['messages', 'kills', 'seed', 'gap'] as const) {
    if (Number.isNaN(numberOf(given[name]))) return `--${name}=${given[name]} is not a whole number`;
  }
  const size = given.short ? SHORT : { messages: 200_000, kills: 200, gapMs: 2_000 };
  const run = {
    messages: numberOf(given.messages) ?? size.messages,
    kills: numberOf(given.kills) ?? size.kills,
    gapMs: numberOf(given.gap) ?? size.gapMs,
    seed,
    ...(sabotage && { sabotage }),
  };
  const stores: QueueKind[] = queues === undefined ? ['redis', 'postgres'] : [queues];
  const runs: WantedRun[] = stores.map((store) => ({ ...run, queues: store }));
  if (given.short && sabotage === undefined)
    runs.push({ ...run, ...SHORT_SABOTAGE, queues: stores[0]!, sabotage: 'journal' });
  return { runs, save, keep, redisMayBeAbsent: queues === undefined };
}

/** The runs that can be had without Redis: none twice. */
export function withoutRedis(runs: WantedRun[]): WantedRun[] {
  return runs.flatMap((run) => {
    if (run.queues === 'postgres') return [run];
    return run.sabotage === undefined ? [] : [{ ...run, queues: 'postgres' as const }];
  });
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArgs({
    args,
    options: {
      queues: text,
      messages: text,
      kills: text,
      seed: text,
      gap: text,
      sabotage: text,
      short: flag,
      save: flag,
      keep: flag,
    },
  }).values;
}

/** NaN when it is not a whole number. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

import { parseArgs } from 'node:util';
import { SABOTAGES, type Sabotage } from './build.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios/scenario.ts';
import type { QueueKind } from './stores.ts';

/** One run that is asked for. */
export type WantedRun = {
  queues: QueueKind;
  messages: number;
  kills: number;
  seed: number;
  gapMs: number;
  sabotage?: Sabotage;
  faults?: string[];
  /** SES reports what it took, late, twice and in any order. */
  evidence?: true;
};
export type Options = {
  runs: WantedRun[];
  save: boolean;
  keep: boolean;
  /** A scenario instead of a run: it takes the queues and the seed of the runs. */
  scenario?: { name: ScenarioName; size: number };
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
  --evidence                SES reports what it took to a gateway, which is killed like the rest
  --short                   both stores and a build without one guard, in a few minutes
  --scenario=outage|priority|flush|rolling|flood   one question instead of everything at once, on PostgreSQL (flush: Redis)
  --size=N                  of a scenario: seconds down, bulk messages, flushes, SIGTERMs, messages of a flood (default: 600, 200000, 5, 100, 10000)
  --save                    write the result to docs/proof/
  --keep                    keep the run's folder (logs, books, database)`;

const SHORT = { messages: 1_500, kills: 10, gapMs: 500 };
/** After a run of all faults on one store: those to which it makes a difference where the queues live. */
const SHORT_ON_THE_OTHER = {
  messages: 800,
  kills: 8,
  faults: [
    ...['kill everything', 'crash postgres', 'deliver jobs again', 'freeze email-worker beyond its lease'],
    ...['kill email-worker', 'kill ingress', 'kill dispatcher'],
  ],
};
/** Enough to show that the check can fail: the faults that the guard is there for, and no others. */
const SHORT_SABOTAGE = { messages: 1_000, kills: 6, gapMs: 500 };
export const FAULTS_OF: Record<Sabotage, string[]> = {
  claim: ['deliver jobs again', 'freeze email-worker shortly', 'kill email-worker'],
  journal: ['kill email-worker', 'kill sms-worker', 'kill push-worker'],
  commit: ['crash postgres'],
};

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
  for (const name of ['messages', 'kills', 'seed', 'gap', 'size'] as const) {
    if (Number.isNaN(numberOf(given[name]))) return `--${name}=${given[name]} is not a whole number`;
  }
  const sizes = given.short ? SHORT : { messages: 200_000, kills: 200, gapMs: 2_000 };
  const wantedSizes = {
    ...(given.messages !== undefined && { messages: Number(given.messages) }),
    ...(given.kills !== undefined && { kills: Number(given.kills) }),
    ...(given.gap !== undefined && { gapMs: Number(given.gap) }),
  };
  const run = {
    ...sizes,
    ...wantedSizes,
    seed,
    ...(sabotage && { sabotage }),
    ...(given.evidence && { evidence: true as const }),
  };
  const stores: QueueKind[] = queues === undefined ? ['redis', 'postgres'] : [queues];
  const runs: WantedRun[] = stores.map((store, place) => ({
    ...run,
    ...(given.short && place > 0 && { ...SHORT_ON_THE_OTHER, ...wantedSizes }),
    queues: store,
  }));
  if (given.short && sabotage === undefined)
    runs.push({ ...run, ...SHORT_SABOTAGE, queues: stores[0]!, sabotage: 'journal', faults: FAULTS_OF.journal });
  if (given.short && sabotage !== undefined) {
    runs.splice(0, runs.length, { ...run, ...SHORT_SABOTAGE, queues: stores[0]!, faults: FAULTS_OF[sabotage] });
  }
  const options = { runs, save, keep, redisMayBeAbsent: queues === undefined };
  if (given.scenario === undefined) return options;
  const name = SCENARIO_NAMES.find((known) => known === given.scenario);
  if (name === undefined) return `--scenario=${given.scenario}: ${SCENARIO_NAMES.join(', ')}`;
  const { size: whole, shortSize, redisOnly } = SCENARIOS[name];
  const wanted = numberOf(given.size) ?? (given.short ? shortSize : whole);
  if (redisOnly && queues === 'postgres') return `--scenario=${name} needs queues on Redis`;
  const store = queues ?? (redisOnly ? 'redis' : 'postgres');
  return { ...options, runs: [{ ...run, queues: store }], scenario: { name, size: wanted } };
}

/** The runs that can be had without Redis: each on the other store, and none twice. */
export function withoutRedis(runs: WantedRun[]): WantedRun[] {
  const whole = runs.some(({ queues, sabotage }) => queues === 'redis' && sabotage === undefined);
  return runs
    .filter(({ queues, sabotage }) => queues === 'redis' || sabotage !== undefined || !whole)
    .map((run) => ({ ...run, queues: 'postgres' as const }));
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
      scenario: text,
      size: text,
      sabotage: text,
      evidence: flag,
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

import { parseArgs } from 'node:util';
import { audienceSpecial } from './audience/audience-special.ts';
import { backlogSpecial } from './backlog/backlog-special.ts';
import { largeLedgerSpecial } from './large-ledger/large-ledger-special.ts';
import { liquidSpecial } from './liquid-special.ts';
import { scalingSpecial } from './scaling-special.ts';
import { findScenario, SCENARIOS, type Scenario } from './scenarios.ts';
import type { Special } from './special.ts';

const BY_ALL: Special[] = [backlogSpecial, liquidSpecial];
/** These take many minutes, and what a second worker costs changes seldom: only by name. */
export const SPECIALS: Special[] = [...BY_ALL, scalingSpecial, largeLedgerSpecial, audienceSpecial];

export type Options = {
  scenarios: Scenario[];
  specials: Special[];
  all: boolean;
  runs: number;
  warmUpSeconds: number;
  /** Absent: what suits each scenario, or 20. */
  seconds: number | undefined;
  /** Messages a second, open loop; absent: the top rate, then half of it. */
  rate: number | undefined;
  connections: number;
  outstanding: number;
  size: number | undefined;
  /** Absent: what suits each scenario. */
  workers: number | undefined;
  naive: boolean;
  naiveMjml: boolean;
  save: boolean;
  profile: boolean;
  keep: boolean;
};

export const USAGE = `pnpm bench <scenario>... [options]: load the whole system, count at the provider, check every message
${[...SCENARIOS, ...SPECIALS].map(({ name, title }) => `  ${name.padEnd(26)}${title}`).join('\n')}
  --all                     every scenario but scaling, large-ledger and audience
  --runs=N                  runs of each, each on fresh stores; medians are reported (default 1)
  --warm-up=S               seconds before anything is measured (default 8)
  --seconds=S               length of a measured window (default 20, and 60 of high-throughput email)
  --rate=N                  messages a second, open loop (default: find the top rate, then measure at half of it)
  --connections=N           of the load while it looks for the top rate (default 256)
  --outstanding=N           messages accepted and not delivered at most, meanwhile (default 8000)
  --size=N                  messages that wait in backlog (default 1000000), lie in large-ledger (10000000), or people of audience (1000000)
  --workers=N               worker processes (default: what suits the scenario, see docs/benchmarks)
  --naive                   after each run one of the naive pipeline (Express, a BullMQ job a recipient, LiquidJS, AWS SDK)
  --naive-mjml              the same with MJML compiled in the job, for each mail
  --save                    write each result to docs/benchmarks/ as soon as it is there
  --profile                 CPU profiles of every process, and where the time went
  --keep                    keep the run's folder (logs, books, profiles, database)`;

/** Reads the command line; a string is what is to be said instead of running. */
export function readOptions(args: string[]): Options | string {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = given;
  if (values.help) return '';
  const numbers = ['runs', 'warm-up', 'seconds', 'rate', 'connections', 'outstanding', 'workers', 'size'] as const;
  for (const name of numbers) {
    if (values[name] !== undefined && !/^[1-9]\d{0,8}$/.test(values[name])) {
      return `--${name}=${values[name]} is not a whole number from 1`;
    }
  }
  const scenarios: Scenario[] = [];
  const specials: Special[] = [];
  for (const name of positionals) {
    const found = findScenario(name);
    const special = SPECIALS.find((one) => one.name === name);
    if (found) scenarios.push(found);
    else if (special) specials.push(special);
    else return `there is no scenario ${name}`;
  }
  if (values.all) {
    scenarios.splice(0, scenarios.length, ...SCENARIOS);
    specials.splice(0, specials.length, ...BY_ALL);
  }
  if (scenarios.length + specials.length === 0) return 'name a scenario, or --all';
  const numberOf = (name: (typeof numbers)[number]) => (values[name] === undefined ? undefined : Number(values[name]));
  return {
    scenarios,
    specials,
    all: values.all ?? false,
    runs: numberOf('runs') ?? 1,
    warmUpSeconds: numberOf('warm-up') ?? 8,
    seconds: numberOf('seconds'),
    rate: numberOf('rate'),
    connections: numberOf('connections') ?? 256,
    outstanding: numberOf('outstanding') ?? 8_000,
    size: numberOf('size'),
    workers: numberOf('workers'),
    naive: values.naive ?? false,
    naiveMjml: values['naive-mjml'] ?? false,
    save: values.save ?? false,
    profile: values.profile ?? false,
    keep: values.keep ?? false,
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: flag,
      help: flag,
      runs: text,
      'warm-up': text,
      seconds: text,
      rate: text,
      connections: text,
      outstanding: text,
      workers: text,
      size: text,
      naive: flag,
      'naive-mjml': flag,
      save: flag,
      profile: flag,
      keep: flag,
    },
  });
}

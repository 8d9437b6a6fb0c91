import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from '../../packages/bench/src/special.ts';
import type { Summary } from '../../packages/bench/src/summary.ts';
import { formatTable } from './markdown.ts';

/** The workloads that the page reckons with; each is `pnpm bench <name> --save`. */
const WORKLOADS = ['ht-email-1', 'ht-email-20', 'email'] as const;
/** So busy may a process or a store be in steady traffic: what is left is for bursts and for the loss of a neighbour. */
const BUSY = 0.7;
const WORKER_COUNTS = [1, 2, 8];
const MESSAGES_A_DAY = 10e6;

type Saved = {
  title: string;
  commit: string;
  machine: { processor: string; cores: number };
  settings: { runs: number };
  summaries: { outrigger: Summary };
};
type SavedFigures = { commit: string; settings: { runs: number }; figures: Figure[] };

/** What a message costs each part, in microseconds of CPU; all workers are one part. */
type Costs = { ingress: number; worker: number; postgres: number; redis: number; rest: number };

type Workload = { name: string; saved: Saved; costs: Costs };

/** The measured blocks of docs/scaling.md, by name, made of the saved results of `pnpm bench`. */
export function scalingBlocks(root: string): Record<string, string> {
  const workloads = WORKLOADS.flatMap((name) => {
    const saved = readSaved<Saved>(root, name);
    return saved ? [{ name, saved, costs: costsOf(saved.summaries.outrigger) }] : [];
  });
  if (workloads.length === 0)
    throw new Error('docs/benchmarks has none of the workloads that docs/scaling.md reckons with');
  return {
    costs: costTable(workloads),
    'one-node': oneNodeTable(workloads),
    'second-worker': secondWorker(readSaved<SavedFigures>(root, 'scaling')),
    more: moreTable(workloads),
    redis: redisTable(workloads),
    disk: diskTable(workloads),
  };
}

function readSaved<Result>(root: string, name: string): Result | undefined {
  const path = join(root, 'docs', 'benchmarks', `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result) : undefined;
}

function costsOf({ cpuUs }: Summary): Costs {
  const sum = (matches: (name: string) => boolean) =>
    Object.entries(cpuUs).reduce((total, [name, us]) => (matches(name) ? total + us : total), 0);
  return {
    ingress: sum((name) => name === 'ingress'),
    worker: sum((name) => name.includes('-worker')),
    postgres: sum((name) => name === 'postgres'),
    redis: sum((name) => name === 'redis'),
    rest: sum((name) => name === 'dispatcher' || name === 'control'),
  };
}

function total({ ingress, worker, postgres, redis, rest }: Costs): number {
  return ingress + worker + postgres + redis + rest;
}

function source({ name, saved }: Workload): string {
  return `\`pnpm bench ${name} --save\`, ${saved.settings.runs} at ${saved.commit}`;
}

function costTable(workloads: Workload[]): string {
  return formatTable(
    [
      'workload',
      'ingress',
      'worker',
      'PostgreSQL',
      'Redis',
      'dispatcher and control',
      'together',
      'measured by (runs)',
    ],
    workloads.map((workload) => {
      const { costs, saved } = workload;
      const parts = [costs.ingress, costs.worker, costs.postgres, costs.redis, costs.rest, total(costs)];
      return [saved.title, ...parts.map((us) => `${us.toFixed(0)} us`), source(workload)];
    }),
  );
}

function oneNodeTable(workloads: Workload[]): string {
  return formatTable(
    ['workload', 'top rate', 'accept p99', 'call to provider p99', 'the cores would carry', 'measured by (runs)'],
    workloads.map((workload) => {
      const { saved, costs } = workload;
      const { topMessagesPerSecond = 0, paced } = saved.summaries.outrigger;
      return [
        saved.title,
        `${measured(topMessagesPerSecond)}/s`,
        `${paced.accept.p99.toFixed(0)} ms`,
        `${paced.callToProvider.p99.toFixed(0)} ms`,
        `${reckoned((saved.machine.cores * 1e6) / total(costs))}/s`,
        source(workload),
      ];
    }),
  );
}

function secondWorker(saved: SavedFigures | undefined): string {
  if (!saved) return 'Not measured yet: `pnpm bench scaling --save`.';
  const value = (name: string) => saved.figures.find((figure) => figure.name === name)?.value ?? Number.NaN;
  const row = (part: string, unit: string) => {
    const [one, two] = [value(`${part}, 1 worker`), value(`${part}, 2 workers`)];
    const change = Math.round((two / one - 1) * 100);
    return [part, `${measured(one)} ${unit}`, `${measured(two)} ${unit}`, `${change > 0 ? '+' : ''}${change} %`];
  };
  const table = formatTable(
    ['on one machine', '1 worker', '2 workers', 'change'],
    [
      row('top rate', 'messages/s'),
      ...['CPU of all', 'CPU of ingress', 'CPU of the workers', 'CPU of PostgreSQL', 'CPU of Redis'].map((part) =>
        row(part, 'us a message'),
      ),
    ],
  );
  return `${table}\n\nMeasured by \`pnpm bench scaling --save\` (${saved.settings.runs} at ${saved.commit}).`;
}

/** With so many workers busy to the limit, what the others must be. Reckoned, not measured. */
function moreTable(workloads: Workload[]): string {
  const rows = workloads.flatMap(({ saved, costs }) =>
    WORKER_COUNTS.map((workers) => {
      const rate = (workers * BUSY * 1e6) / costs.worker;
      const cores = (us: number) => (rate * us) / 1e6;
      return [
        saved.title,
        String(workers),
        `${reckoned(rate)}/s`,
        String(Math.ceil(cores(costs.ingress) / BUSY)),
        cores(costs.postgres).toFixed(1),
        cores(costs.redis).toFixed(2),
        Math.ceil(cores(total(costs)) / BUSY).toString(),
        `${((rate * (saved.summaries.outrigger.walBytes ?? 0)) / 1e6).toFixed(1)} MB/s`,
      ];
    }),
  );
  const head = ['workload', 'workers', 'messages', 'ingress processes', 'PostgreSQL cores', 'Redis cores'];
  return formatTable([...head, 'cores to have', 'WAL'], rows);
}

function redisTable(workloads: Workload[]): string {
  return formatTable(
    ['workload', 'Redis, a message', `one Redis at ${BUSY * 100} % of its core`, 'workers until then'],
    workloads.map(({ saved, costs }) => {
      const rate = (BUSY * 1e6) / costs.redis;
      const workers = Math.floor((rate * costs.worker) / (BUSY * 1e6));
      return [saved.title, `${costs.redis.toFixed(1)} us`, `${reckoned(rate)}/s`, String(workers)];
    }),
  );
}

function diskTable(workloads: Workload[]): string {
  return formatTable(
    [
      'workload',
      'ledger, a message',
      'WAL, a message',
      'ledger of 10 million messages a day',
      `16 cores at ${BUSY * 100} %`,
    ],
    workloads.map(({ saved, costs }) => {
      const { ledgerBytes = 0, walBytes = 0 } = saved.summaries.outrigger;
      return [
        saved.title,
        `${ledgerBytes.toFixed(0)} bytes`,
        `${walBytes.toFixed(0)} bytes`,
        `${((ledgerBytes * MESSAGES_A_DAY) / 1e9).toFixed(1)} GB`,
        `${reckoned((16 * BUSY * 1e6) / costs.postgres)}/s`,
      ];
    }),
  );
}

/** Two figures that count, no more: what is reckoned is no more exact than that. */
function reckoned(value: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return measured(Math.round(value / unit) * unit);
}

function measured(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

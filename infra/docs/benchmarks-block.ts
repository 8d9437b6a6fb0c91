import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from '../../packages/bench/src/special.ts';
import type { Summary } from '../../packages/bench/src/summary.ts';
import { formatTable } from './markdown.ts';

type Saved = {
  scenario: string;
  title: string;
  at: string;
  commit: string;
  machine: { processor: string; cores: number; memoryGb: number };
  settings: { runs: number };
  goal?: { messagesPerSecond?: number; cpuUs?: number; acceptP99Ms?: number; timesNaive?: number };
  summaries?: Record<string, Summary>;
  figures?: Figure[];
};

/** The saved results of `pnpm bench` against their goals, a row a figure that has a goal. */
export function benchmarksBlock(root: string): string {
  const saved = globSync('docs/benchmarks/*.json', { cwd: root })
    .sort()
    .map((path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Saved);
  if (saved.length === 0) return 'No result is saved.';
  const rows = saved.flatMap((one) =>
    figuresOf(one).map(({ name, value, unit, goal }) => [
      one.title,
      name,
      `${rounded(value)} ${unit}`.trim(),
      goal === undefined ? '' : `${rounded(goal)} ${unit}`.trim(),
      `${one.settings.runs} at ${one.commit}`,
    ]),
  );
  return formatTable(['scenario', 'figure', 'measured', 'goal', 'runs'], rows);
}

function figuresOf({ goal = {}, summaries, figures }: Saved): Pick<Figure, 'name' | 'value' | 'unit' | 'goal'>[] {
  if (figures) return figures.filter((figure) => figure.goal !== undefined);
  const own = summaries!.outrigger!;
  const top = own.topMessagesPerSecond ?? Number.NaN;
  const found: Pick<Figure, 'name' | 'value' | 'unit' | 'goal'>[] = [
    { name: 'top rate', value: top, unit: 'messages/s', goal: goal.messagesPerSecond },
    { name: 'CPU a message, all processes', value: own.totalCpuUs, unit: 'us', goal: goal.cpuUs },
    { name: 'accept p99 at half of the top rate', value: own.paced.accept.p99, unit: 'ms', goal: goal.acceptP99Ms },
    { name: 'call to provider p99 at half of it', value: own.paced.callToProvider.p99, unit: 'ms' },
  ];
  for (const [contender, name, wanted] of [
    ['naive-mjml', 'times the naive pipeline with MJML in the job', goal.timesNaive],
    ['naive', 'times the naive pipeline with MJML compiled before', undefined],
  ] as const) {
    const other = summaries![contender];
    if (other) found.push({ name, value: top / (other.topMessagesPerSecond ?? Number.NaN), unit: '', goal: wanted });
  }
  return found;
}

function rounded(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

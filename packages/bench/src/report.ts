import type { Scenario } from './scenarios.ts';
import type { Figure, Special } from './special.ts';
import type { Summary } from './summary.ts';

/** What a scenario came to, in lines to read. */
export function describe(scenario: Scenario, contender: string, runs: number, summary: Summary): string[] {
  const goal = contender === 'outrigger' ? scenario.goal : {};
  const { paced, cpuUs, memoryMb } = summary;
  const against = (wanted: number | undefined, unit: string) =>
    wanted === undefined ? '' : `   (goal ${format(wanted)}${unit})`;
  const lines = [
    '',
    `${scenario.title}   [${scenario.name}, ${contender}, ${runs === 1 ? '1 run' : `medians of ${runs} runs`}]`,
  ];
  const row = (name: string, text: string) => lines.push(`  ${name.padEnd(22)}${text}`);
  if (summary.topMessagesPerSecond !== undefined) {
    row('top rate', `${format(summary.topMessagesPerSecond)} messages/s${against(goal.messagesPerSecond, '')}`);
  }
  row('CPU a message', `${format(summary.totalCpuUs)} us${against(goal.cpuUs, ' us')}`);
  for (const [name, us] of Object.entries(cpuUs).sort(([, a], [, b]) => b - a)) {
    row('', `${format(us).padStart(7)} us  ${name.padEnd(18)} ${format(memoryMb[name]!).padStart(5)} MB at most`);
  }
  row(
    `at ${format(paced.messagesPerSecond)}/s, open loop`,
    `accept          ${times(paced.accept)}${against(goal.acceptP99Ms, ' ms')}`,
  );
  row('', `call to provider ${times(paced.callToProvider)}`);
  if (summary.ledgerBytes !== undefined) {
    row(
      'stored a message',
      `${format(summary.ledgerBytes)} bytes of ledger, ${format(summary.walBytes!)} of write-ahead log`,
    );
  }
  row(
    'verified',
    summary.problems.length === 0
      ? `${summary.accepted} accepted = ${summary.taken} taken by the provider, each once`
      : `BROKEN: ${summary.problems.join('; ')}`,
  );
  // A figure that was taken beside other work is marked as such.
  if (summary.otherCores > 0.15) {
    row('NOT ALONE', `other processes had ${summary.otherCores.toFixed(2)} cores: believe microseconds, not rates`);
  }
  return lines;
}

function times({ p50, p95, p99 }: { p50: number; p95: number; p99: number }): string {
  return `p50 ${format(p50)}  p95 ${format(p95)}  p99 ${format(p99)} ms`;
}

/** What a scenario with a course of its own came to. */
export function describeFigures(special: Special, runs: number, figures: Figure[], problems: string[]): string[] {
  return [
    '',
    `${special.title}   [${special.name}, ${runs === 1 ? '1 run' : `medians of ${runs} runs`}]`,
    ...figures.map(({ name, value, unit, goal }) => {
      const against = goal === undefined ? '' : `   (goal ${format(goal)})`;
      return `  ${name.padEnd(48)}${format(value).padStart(8)} ${unit}${against}`;
    }),
    problems.length === 0 ? '  verified' : `  BROKEN: ${problems.join('; ')}`,
  ];
}

/** The headline: how many times as fast as the naive pipeline, in turns on the same machine. */
export function describeRatios(scenario: Scenario, summaries: Map<string, Summary>): string[] {
  const own = summaries.get('outrigger')!;
  return [...summaries].flatMap(([contender, other]) => {
    if (contender === 'outrigger') return [];
    const rate = (own.topMessagesPerSecond ?? Number.NaN) / (other.topMessagesPerSecond ?? Number.NaN);
    const goal = contender === 'naive-mjml' && scenario.goal.timesNaive ? `   (goal ${scenario.goal.timesNaive})` : '';
    return [
      '',
      `  ${format(rate)} times the rate of ${contender}, ${format(other.totalCpuUs / own.totalCpuUs)} times less CPU a message${goal}`,
    ];
  });
}

/** Three digits that matter are enough for anything that was measured on a shared machine. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

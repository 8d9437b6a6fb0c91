import { arch, cpus, platform, totalmem } from 'node:os';
import type { Sabotage } from './build.ts';
import type { LaneCount } from './check.ts';
import type { RunOptions, RunResult } from './run.ts';

/** What a saved run looks like: docs/proof/*.json. Names are stable; docs/guarantees.md is generated from them. */
export type SavedRun = {
  at: string;
  commit: string;
  machine: string;
  queues: string;
  sabotage: Sabotage | null;
  seed: number;
  asked: { messages: number; kills: number };
  outcome: 'kept' | 'broken' | 'invalid';
  result: RunResult;
};

/**
 * `invalid`: too little happened for the run to say anything. A sabotaged run is held to its promises like any other; it is the
 * caller who wants them broken.
 */
export function outcomeOf(result: RunResult, options: Pick<RunOptions, 'messages' | 'kills'>): SavedRun['outcome'] {
  if (Object.keys(result.verdict.violations).length > 0) return 'broken';
  return problemsOf(result, options).length > 0 ? 'invalid' : 'kept';
}

/** Why a run proves nothing: faults that did not happen, or a load that was not sent. */
export function problemsOf(result: RunResult, options: Pick<RunOptions, 'messages' | 'kills'>): string[] {
  const problems: string[] = [];
  if (result.kills < options.kills)
    problems.push(`${result.kills} processes were killed, ${options.kills} were asked for`);
  if (result.acceptedMessages < options.messages)
    problems.push(`only ${result.acceptedMessages} messages were accepted`);
  for (const [name, fault] of Object.entries(result.faults)) {
    if (fault.done === 0) problems.push(`"${name}" never happened`);
  }
  return problems;
}

export function saveableRun(result: RunResult, options: RunOptions, commit: string): SavedRun {
  const { queues, seed, messages, kills } = options;
  return {
    at: new Date().toISOString(),
    commit,
    machine: machineInWords(),
    queues,
    sabotage: options.sabotage ?? null,
    seed,
    asked: { messages, kills },
    outcome: outcomeOf(result, options),
    result,
  };
}

export function machineInWords(): string {
  return `${platform()} ${arch()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

export function totalOf(lanes: Record<string, LaneCount>): LaneCount {
  const total = {} as LaneCount;
  for (const lane of Object.values(lanes)) {
    for (const [name, count] of Object.entries(lane) as [keyof LaneCount, number][]) {
      total[name] = (total[name] ?? 0) + count;
    }
  }
  return total;
}

/** The account of a run, for people. */
export function describeRun(run: SavedRun): string[] {
  const { result } = run;
  const lanes = { ...result.verdict.lanes, all: totalOf(result.verdict.lanes) };
  return [
    '',
    `queues on ${run.queues}, seed ${run.seed}${run.sabotage ? `, SABOTAGED (${run.sabotage})` : ''}: ${run.outcome.toUpperCase()}`,
    `${result.acceptedCalls} calls accepted, ${result.acceptedMessages} messages, ${result.verdict.handOvers} hand-overs; answers: ${inWords(result.answers)}`,
    `${result.kills} processes killed; ${inWords(Object.fromEntries(Object.entries(result.faults).map(([name, fault]) => [name, fault.done])))}`,
    `load ${result.seconds.load} s, all ended ${result.seconds.untilAllEnded} s later, ${result.seconds.total} s in all`,
    ...Object.entries(result.recovery).map(
      ([what, { count, medianS, longestS }]) => `${what}: ${count} times, median ${medianS} s, longest ${longestS} s`,
    ),
    ...tableOf(lanes),
    `unknown without an ambiguous answer (cut off by a fault): ${result.verdict.unexplainedUnknown}; of them without a journal: ${result.verdict.withoutJournal}`,
    ...reportedInWords(result.verdict.reported),
    ...Object.entries(result.unaskedDeaths).flatMap(([name, deaths]) =>
      Object.keys(deaths).length > 0 ? [`${name} ended by itself: ${inWords(deaths)}`] : [],
    ),
    ...result.faultFailures.map((failure) => `a fault failed: ${failure}`),
    ...problemsOf(result, run.asked).map((problem) => `NOT VALID: ${problem}`),
    ...Object.entries(result.verdict.violations).flatMap(([rule, { count, examples }]) => [
      `BROKEN: ${rule}, ${count} times`,
      ...examples.map((example) => `  ${example}`),
    ]),
  ];
}

function reportedInWords(reported: RunResult['verdict']['reported']): string[] {
  if (!reported) return [];
  const { messages, everUnknown, settled } = reported;
  return [
    `reported by the provider: ${messages} messages, of which ${everUnknown} were unknown at some time; sent, and taken once, of those: ${settled}`,
  ];
}

const COLUMNS: [keyof LaneCount, string][] = [
  ['messages', 'messages'],
  ['sent', 'sent'],
  ['excluded', 'excluded'],
  ['failed', 'failed'],
  ['expired', 'expired'],
  ['canceled', 'canceled'],
  ['heldUnknown', 'unknown, held'],
  ['everUnknown', 'ever unknown'],
  ['resent', 'sent again'],
  ['doubledWithRecord', 'doubled, recorded'],
  ['doubledWithoutRecord', 'DOUBLED, UNRECORDED'],
  ['lost', 'LOST'],
];

function tableOf(lanes: Record<string, LaneCount>): string[] {
  const rows = [
    ['lane', ...COLUMNS.map(([, title]) => title)],
    ...Object.entries(lanes).map(([name, lane]) => [name, ...COLUMNS.map(([column]) => String(lane[column] ?? 0))]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
}

function inWords(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

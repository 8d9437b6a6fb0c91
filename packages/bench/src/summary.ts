import { medianOf } from './percentiles.ts';
import type { RunResult } from './run.ts';
import type { Figure, SpecialResult } from './special.ts';

/** Medians over the runs of one scenario. */
export type Summary = {
  topMessagesPerSecond: number | undefined;
  /** At the top rate, or at the fixed rate when there was one. */
  cpuUs: Record<string, number>;
  totalCpuUs: number;
  otherCores: number;
  paced: {
    messagesPerSecond: number;
    accept: { p50: number; p95: number; p99: number };
    callToProvider: { p50: number; p95: number; p99: number };
  };
  memoryMb: Record<string, number>;
  ledgerBytes: number | undefined;
  walBytes: number | undefined;
  accepted: number;
  taken: number;
  problems: string[];
};

export function summarize(runs: RunResult[]): Summary {
  const busiest = runs.map((run) => run.top ?? run.paced);
  const names = Object.keys(busiest[0]!.cpuUs);
  const tops = runs.flatMap((run) => (run.top ? [run.top.messagesPerSecond] : []));
  const bytes = runs.flatMap((run) => (run.bytesPerMessage ? [run.bytesPerMessage] : []));
  const times = (of: 'accept' | 'callToProvider') => ({
    p50: medianOf(runs.map((run) => run.paced.latencies[of].p50)),
    p95: medianOf(runs.map((run) => run.paced.latencies[of].p95)),
    p99: medianOf(runs.map((run) => run.paced.latencies[of].p99)),
  });
  return {
    topMessagesPerSecond: tops.length > 0 ? medianOf(tops) : undefined,
    cpuUs: Object.fromEntries(names.map((name) => [name, medianOf(busiest.map((phase) => phase.cpuUs[name] ?? 0))])),
    totalCpuUs: medianOf(busiest.map((phase) => phase.totalCpuUs)),
    otherCores: medianOf(busiest.map((phase) => phase.otherCores)),
    paced: {
      messagesPerSecond: medianOf(runs.map((run) => run.paced.messagesPerSecond)),
      accept: times('accept'),
      callToProvider: times('callToProvider'),
    },
    memoryMb: Object.fromEntries(
      names.map((name) => [name, medianOf(runs.map((run) => (run.memoryBytes[name] ?? 0) / 1e6))]),
    ),
    ledgerBytes: bytes.length > 0 ? medianOf(bytes.map(({ ledger }) => ledger)) : undefined,
    walBytes: bytes.length > 0 ? medianOf(bytes.map(({ wal }) => wal)) : undefined,
    accepted: runs.reduce((sum, run) => sum + run.verification.acceptedMessages, 0),
    taken: runs.reduce((sum, run) => sum + run.verification.takenMessages, 0),
    problems: runs.flatMap((run) => run.verification.problems),
  };
}

/** Medians of each figure over the runs of a scenario with a course of its own. */
export function medianFigures(results: SpecialResult[]): Figure[] {
  return results[0]!.figures.map((figure, place) => ({
    ...figure,
    value: medianOf(results.flatMap((result) => result.figures[place]?.value ?? [])),
  }));
}

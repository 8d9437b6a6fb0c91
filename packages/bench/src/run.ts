import { setTimeout as delay } from 'node:timers/promises';
import { readBooks, reportProgress, untilDelivered } from './books.ts';
import { type Latencies, latenciesBetween } from './latencies.ts';
import type { Probes } from './probes.ts';
import { readMemoryBytes } from './process-usage.ts';
import type { StoredBytes, Target } from './target.ts';
import { acceptedExecutions, type Verification, verifyHandOvers } from './verify.ts';
import { type MeasuredWindow, measureWindow } from './window.ts';

export type RunOptions = {
  warmUpSeconds: number;
  seconds: number;
  connections: number;
  outstanding: number;
  /** Messages a second; absent: look for the top rate, and then measure at half of it. */
  rate?: number;
  folder: string;
  say(line: string): void;
};

export type Phase = MeasuredWindow & { latencies: Latencies };
export type RunResult = {
  target: string;
  /** At the top rate, closed loop. */
  top?: Phase;
  /** At a fixed rate, open loop: what was asked for, or half of the top rate. */
  paced: Phase & { wantedRate: number };
  verification: Verification;
  memoryBytes: Record<string, number>;
  bytesPerMessage?: StoredBytes;
};

/** How long the open loop runs before it is measured, after the top rate has warmed everything up. */
const SETTLE_SECONDS = 2;
/** Tens of thousands of calls are enough for a 99th percentile. */
const MOST_PACED_SECONDS = 12;

/** Loads a target, measures it, waits until nothing is under way, and joins the books. */
export async function runOnce(target: Target, probes: Probes, options: RunOptions): Promise<RunResult> {
  const { load } = probes;
  const { say, seconds, warmUpSeconds } = options;
  const { recipients } = target.calls;
  const groups = [...target.groups, ...probes.groups];
  load.send({ kind: 'plan', port: target.port, calls: target.calls });
  const storedBefore = await target.stored();
  const progress = reportProgress(probes, recipients, say);
  let top: MeasuredWindow | undefined;
  let wantedRate = options.rate;
  if (wantedRate === undefined) {
    load.send({ kind: 'saturate', connections: options.connections, outstandingMessages: options.outstanding });
    await delay(warmUpSeconds * 1_000);
    top = await measureWindow(probes, groups, seconds);
    wantedRate = top.messagesPerSecond / 2;
    // What was on its way at the top rate must not count in the times at half of it.
    load.send({ kind: 'pause' });
    await untilDelivered(probes, recipients);
  }
  load.send({ kind: 'pace', callsPerSecond: wantedRate / recipients });
  await delay((top ? SETTLE_SECONDS : warmUpSeconds) * 1_000);
  const paced = await measureWindow(probes, groups, top ? Math.min(seconds, MOST_PACED_SECONDS) : seconds);
  load.send({ kind: 'pause' });
  await untilDelivered(probes, recipients);
  progress.stop();
  const storedAfter = await target.stored();
  const memoryBytes = Object.fromEntries(groups.map((group) => [group.name, readMemoryBytes(group)]));

  const { calls, account, problems } = await readBooks(probes, options.folder);
  const verification = verifyHandOvers(calls, account.times, recipients);
  await target.stopServices();
  const executions = acceptedExecutions(calls);
  verification.problems.push(
    ...problems.map((problem) => `provider: ${problem}`),
    ...(await target.verify({ executions, recipientsPerCall: recipients })),
  );
  const between = ({ fromMs, untilMs }: MeasuredWindow) =>
    latenciesBetween(fromMs, untilMs, calls, account, recipients);
  return {
    target: target.name,
    ...(top && { top: { ...top, latencies: between(top) } }),
    paced: { ...paced, wantedRate, latencies: between(paced) },
    verification,
    memoryBytes,
    ...(storedBefore &&
      storedAfter && { bytesPerMessage: perMessage(storedBefore, storedAfter, verification.acceptedMessages) }),
  };
}

function perMessage(before: StoredBytes, after: StoredBytes, messages: number): StoredBytes {
  const each = (of: keyof StoredBytes) => (after[of] - before[of]) / messages;
  return { ledger: each('ledger'), wal: each('wal'), queue: each('queue') };
}

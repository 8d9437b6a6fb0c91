import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from './clock.ts';
import type { Probes } from './probes.ts';
import { type ProcessGroup, readMachineCpuMs, readUsage, type Usage } from './process-usage.ts';

/** What happened between two instants of a run. */
export type MeasuredWindow = {
  fromMs: number;
  untilMs: number;
  seconds: number;
  messages: number;
  messagesPerSecond: number;
  /** CPU time by process in microseconds a message that the provider took. */
  cpuUs: Record<string, number>;
  totalCpuUs: number;
  /** How many cores the processes of the run kept busy, and how many everything else on the machine did. */
  ownCores: number;
  otherCores: number;
  refused: number;
};

type Reading = { at: number; taken: number; refused: number; usage: Usage[]; machineMs: number };

/** Lets the load run for so many seconds and says what it cost. */
export async function measureWindow(probes: Probes, groups: ProcessGroup[], seconds: number): Promise<MeasuredWindow> {
  const before = read(probes, groups);
  await delay(seconds * 1_000);
  return between(before, read(probes, groups));
}

function read(probes: Probes, groups: ProcessGroup[]): Reading {
  return {
    at: monotonicMs(),
    taken: probes.provider.taken,
    refused: probes.load.counts.refused,
    usage: readUsage(groups),
    machineMs: readMachineCpuMs(),
  };
}

function between(before: Reading, after: Reading): MeasuredWindow {
  const elapsedMs = after.at - before.at;
  const messages = after.taken - before.taken;
  const usedMs = after.usage.map(({ name, cpuMs }, place) => [name, cpuMs - before.usage[place]!.cpuMs] as const);
  const ownMs = usedMs.reduce((sum, [, ms]) => sum + ms, 0);
  return {
    fromMs: before.at,
    untilMs: after.at,
    seconds: elapsedMs / 1_000,
    messages,
    messagesPerSecond: (messages / elapsedMs) * 1_000,
    cpuUs: Object.fromEntries(usedMs.map(([name, ms]) => [name, (ms * 1_000) / messages])),
    totalCpuUs: (ownMs * 1_000) / messages,
    ownCores: ownMs / elapsedMs,
    otherCores: Math.max(0, after.machineMs - before.machineMs - ownMs) / elapsedMs,
    refused: after.refused - before.refused,
  };
}

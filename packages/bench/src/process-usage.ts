import { readdirSync, readFileSync } from 'node:fs';

/** A group of processes that count as one: a service, or PostgreSQL with all its backends. */
export type ProcessGroup = { name: string; processIds(): number[] };
export type Usage = { name: string; cpuMs: number };

/** /proc counts in ticks of 10 ms (USER_HZ); over a window of seconds that is exact enough, and no thread that ended is missed. */
const TICK_MS = 10;

/** CPU time that each group has used so far, with that of its children that have ended and were waited for. */
export function readUsage(groups: ProcessGroup[]): Usage[] {
  return groups.map(({ name, processIds }) => ({
    name,
    cpuMs: processIds().reduce((sum, processId) => sum + cpuMsOf(processId), 0),
  }));
}

function cpuMsOf(processId: number): number {
  const fields = statFields(processId);
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), counted behind the name.
  return fields ? fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS : 0;
}

function statFields(processId: number): string[] | undefined {
  const text = read(`/proc/${processId}/stat`);
  // The name may hold spaces and brackets: what counts begins behind its last one.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** CPU time of everything that ran on this machine, ours or not. Shows how much of it was somebody else's. */
export function readMachineCpuMs(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq! + steal!) * TICK_MS;
}

/** A process and its children, whatever they are now. */
export function withChildren(processId: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(statFields(Number(entry))?.[1]);
    if (parent === processId) parents.set(Number(entry), parent);
  }
  return [processId, ...parents.keys()];
}

/**
 * The most memory that a group has had: of a single process its peak resident set; of several that share memory (PostgreSQL)
 * the sum of their proportional sets, as it is now.
 */
export function readMemoryBytes(group: ProcessGroup): number {
  const processIds = group.processIds();
  if (processIds.length === 1) return kilobytes(read(`/proc/${processIds[0]}/status`), 'VmHWM') * 1_024;
  return processIds.reduce((sum, id) => sum + kilobytes(read(`/proc/${id}/smaps_rollup`), 'Pss') * 1_024, 0);
}

function kilobytes(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text ?? '')?.[1] ?? 0);
}

/** Undefined when the process is gone. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

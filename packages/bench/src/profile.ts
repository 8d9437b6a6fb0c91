import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type CallFrame = { functionName: string; url: string; lineNumber: number };
export type CpuProfile = {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  startTime: number;
  samples: number[];
  timeDeltas: number[];
};
/** Time in functions themselves, without what they called, in microseconds a message. */
export type SelfTimes = { functions: [name: string, us: number][]; modules: [name: string, us: number][] };

/** What is not work: waiting for events, and the profiler's own frame. */
export const NOT_WORK = new Set(['(idle)', '(root)']);

/**
 * Sums a profile's samples that fall between two instants (monotonic milliseconds, the clock that V8 uses). The samples are of
 * wall time: on a busy machine each also holds what the process waited for a core.
 */
export function selfTimes(profile: CpuProfile, fromMs: number, untilMs: number, messages: number): SelfTimes {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const modules = new Map<string, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, place) => {
    const us = profile.timeDeltas[place]!;
    at += us;
    if (at < fromMs * 1_000 || at >= untilMs * 1_000) return;
    const frame = frames.get(id)!;
    if (NOT_WORK.has(frame.functionName)) return;
    const module = moduleOf(frame);
    const name = `${frame.functionName || '(anonymous)'}  ${module}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + us / messages);
    modules.set(module, (modules.get(module) ?? 0) + us / messages);
  });
  return { functions: sorted(functions), modules: sorted(modules) };
}

/** Our own file, the library by name, or Node itself. */
export function moduleOf({ url, functionName }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  const library = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  const own = /\/((?:packages|services)\/.+)$/.exec(url)?.[1];
  if (library !== undefined && !library.startsWith('@outrigger/')) return library;
  return own ?? (url.startsWith('node:') ? url : url);
}

function sorted(sums: Map<string, number>): [string, number][] {
  return [...sums].sort(([, a], [, b]) => b - a);
}

/**
 * Reads every profile of a run's folder and says in lines where each process spent its time: the CPU that the kernel counted, shared
 * out by samples.
 */
export function describeProfiles(
  folder: string,
  window: { fromMs: number; untilMs: number; messages: number; cpuUs: Record<string, number> },
  top = 18,
): string[] {
  const lines: string[] = [];
  for (const file of readdirSync(folder).sort()) {
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
    const { functions, modules } = selfTimes(profile, window.fromMs, window.untilMs, window.messages);
    const total = modules.reduce((sum, [, us]) => sum + us, 0);
    if (total < 1) continue;
    const process = file.replace('.cpuprofile', '');
    const cpuUs = window.cpuUs[process] ?? total;
    lines.push(
      '',
      `${process}: ${cpuUs.toFixed(0)} us of CPU a message (its samples: ${total.toFixed(0)} us of wall time)`,
    );
    const column = ([name, us]: [string, number]) =>
      `  ${((us / total) * cpuUs).toFixed(1).padStart(7)} us ${((100 * us) / total).toFixed(0).padStart(3)} %  ${name}`;
    lines.push('  by module', ...modules.slice(0, top).map(column));
    lines.push('  by function', ...functions.slice(0, top).map(column));
  }
  return lines;
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CallFrame, type CpuProfile, moduleOf, NOT_WORK } from './profile.ts';

/** What a message costs in a function and in everything that it called. `own`: the code of this repository. */
export type Flame = {
  name: string;
  kind: 'process' | 'own' | 'library' | 'node';
  us: number;
  children: Map<string, Flame>;
};

export type Window = { fromMs: number; untilMs: number; cpuUs: Record<string, number> };

/**
 * Where a message's CPU goes, by process and below that by function: what the kernel counted of each process, shared out by the samples
 * of its profile. A process without a profile (PostgreSQL, Redis) is one box.
 */
export function flamesOf(profileFolder: string, window: Window): Flame[] {
  const profiled = new Map(
    readdirSync(profileFolder)
      .filter((file) => file.endsWith('.cpuprofile'))
      .map((file) => [file.replace('.cpuprofile', ''), join(profileFolder, file)]),
  );
  return Object.entries(window.cpuUs)
    .sort(([, a], [, b]) => b - a)
    .map(([name, us]) => {
      const flame = newFlame(name, 'process');
      const path = profiled.get(name);
      if (path !== undefined) addSamples(flame, JSON.parse(readFileSync(path, 'utf8')) as CpuProfile, window);
      scale(flame, flame.us > 0 ? us / flame.us : 0);
      flame.us = us;
      return flame;
    });
}

/** Adds the samples of a profile that fall into the window, each with the time since the one before. */
export function addSamples(
  root: Flame,
  profile: CpuProfile,
  { fromMs, untilMs }: Pick<Window, 'fromMs' | 'untilMs'>,
): void {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const callerOf = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const pathOf = (id: number) => {
    const path: CallFrame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = callerOf.get(at))
      path.unshift(nodes.get(at)!.callFrame);
    return path.filter(({ functionName }) => !NOT_WORK.has(functionName));
  };
  const paths = new Map<number, CallFrame[]>();
  let at = profile.startTime;
  profile.samples.forEach((id, place) => {
    const us = profile.timeDeltas[place]!;
    at += us;
    if (at < fromMs * 1_000 || at >= untilMs * 1_000) return;
    const path = paths.get(id) ?? pathOf(id);
    paths.set(id, path);
    if (path.length === 0) return;
    root.us += us;
    let flame = root;
    for (const frame of path) {
      flame = childOf(flame, frame);
      flame.us += us;
    }
  });
}

function childOf(flame: Flame, frame: CallFrame): Flame {
  const module = moduleOf(frame);
  const name = `${frame.functionName || '(anonymous)'}  ${module}`;
  let child = flame.children.get(name);
  if (!child) {
    const kind = /^(packages|services)\//.test(module) ? 'own' : /^(node:|native|\()/.test(module) ? 'node' : 'library';
    child = newFlame(name, kind);
    flame.children.set(name, child);
  }
  return child;
}

const newFlame = (name: string, kind: Flame['kind']): Flame => ({ name, kind, us: 0, children: new Map() });

function scale(flame: Flame, factor: number): void {
  flame.us *= factor;
  for (const child of flame.children.values()) scale(child, factor);
}

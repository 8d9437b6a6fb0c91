import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { flamesOf } from './flame-graph.ts';
import { flamePicture } from './flame-picture.ts';
import type { MeasuredWindow } from './window.ts';

/** Where and with what figures were taken: without it they mean nothing. */
export type Machine = { processor: string; cores: number; memoryGb: number; system: string };

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: systemName(),
  };
}

function systemName(): string {
  const kernel = spawnSync('uname', ['-sr'], { encoding: 'utf8' }).stdout.trim();
  try {
    return `${/PRETTY_NAME="([^"]*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]}, ${kernel}`;
  } catch {
    return kernel;
  }
}

/** The commit that was measured, and whether something was changed since. */
export function describeCommit(root: string): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const head = git('rev-parse', '--short', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const changed = git('status', '--porcelain', 'packages', 'services', 'infra').stdout.trim() !== '';
  return `${head.stdout.trim()}${changed ? ' and changes' : ''}`;
}

/** Draws where a message's CPU went, from the profiles of a window, into docs/benchmarks. */
export function savePicture(root: string, name: string, profileFolder: string, window: MeasuredWindow): string {
  const { processor, cores } = describeMachine();
  const title = `${name}: ${Math.round(window.totalCpuUs)} us of CPU a message`;
  const subtitle =
    `at ${Math.round(window.messagesPerSecond)}/s with the profiler on; ${cores} cores of ${processor}, ` +
    `${describeCommit(root)}. Orange: our code, blue: libraries, green: Node itself.`;
  const path = join(root, 'docs', 'benchmarks', `${name}.svg`);
  writeFileSync(path, flamePicture(title, subtitle, flamesOf(profileFolder, window)));
  return path;
}

/** Writes a result to docs/benchmarks, laid out as the linter wants it. */
export function saveResult(root: string, name: string, result: object): string {
  const folder = join(root, 'docs', 'benchmarks');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(result, rounded, 2)}\n`);
  spawnSync(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', path]);
  return path;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}

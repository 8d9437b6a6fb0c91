import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

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

import { globSync } from 'node:fs';
import { sep } from 'node:path';

const patterns = [
  'packages/*/src/**/*.test.ts',
  'packages/*/test/**/*.test.ts',
  'services/*/src/**/*.test.ts',
  'services/*/test/**/*.test.ts',
  'infra/**/*.test.ts',
  'test/**/*.test.ts',
];

export type TestSelection = {
  /** Test files, relative to the root, sorted. */
  readonly files: readonly string[];
  /** Options for Node's own test runner, such as --test-name-pattern=... */
  readonly runnerOptions: readonly string[];
  /** Filters that no file matches. */
  readonly unmatched: readonly string[];
};

/** Every test file of the repository. */
export function findTestFiles(root: string): string[] {
  const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules/**'] }));
  return [...new Set(found)].map((file) => file.split(sep).join('/')).sort();
}

/** Chooses the files whose path holds one of the filters (no filter: all), and sets options for the runner apart. */
export function selectTests(files: readonly string[], args: readonly string[]): TestSelection {
  const runnerOptions = args.filter((arg) => arg.startsWith('--'));
  const filters = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.replace(/^\.\//, ''));
  const unmatched = filters.filter((filter) => !files.some((file) => file.includes(filter)));
  const chosen = filters.length === 0 ? files : files.filter((file) => filters.some((filter) => file.includes(filter)));
  return { files: chosen, runnerOptions, unmatched };
}

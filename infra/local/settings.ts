import { join, resolve } from 'node:path';
import type { StackProcess } from './process-table.ts';

export const repositoryRoot = resolve(import.meta.dirname, '..', '..');

/** Where everything that a run writes goes: OUTRIGGER_DATA_DIR, or `.outrigger` at the root of the repository. */
export function dataFolderOf(environment: NodeJS.ProcessEnv): string {
  return resolve(repositoryRoot, environment.OUTRIGGER_DATA_DIR || '.outrigger');
}

/** What `npm start` does, from its arguments and the environment. */
export type StackSettings = {
  readonly root: string;
  readonly dataFolder: string;
  readonly postgresPort: number;
  /** Absent: start our own PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** Absent: the queues live in PostgreSQL too. */
  readonly queueUrl: string | undefined;
  /** Start a Redis for the queues on this port. */
  readonly redisPort: number | undefined;
  readonly servicePorts: ReadonlyMap<string, number>;
  readonly logFormat: 'pretty' | 'json';
  readonly quiet: boolean;
  readonly seed: boolean;
  /** Handed on to the processes. */
  readonly environment: NodeJS.ProcessEnv;
};

export type SettingsResult =
  | { readonly kind: 'settings'; readonly settings: StackSettings }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'refused'; readonly problem: string };

const options: Readonly<Record<string, string>> = {
  '--quiet': 'show warnings and errors of the processes only',
  '--redis': 'queues on a Redis of our own (OUTRIGGER_REDIS_PORT, default 63790) instead of PostgreSQL',
  '--no-seed': 'start without the demo data',
  '--help': 'this text',
};

export const postgresPortVariable = 'OUTRIGGER_POSTGRES_PORT';
export const redisPortVariable = 'OUTRIGGER_REDIS_PORT';

/** Reads the settings of `npm start -- <args>`. A port that is not a number becomes NaN: the port check names it. */
export function readSettings(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  table: readonly StackProcess[],
): SettingsResult {
  const unknown = args.find((arg) => !Object.hasOwn(options, arg));
  if (unknown !== undefined) return { kind: 'refused', problem: `unknown option ${unknown}\n${helpText(table)}` };
  if (args.includes('--help')) return { kind: 'help', text: helpText(table) };
  if (args.includes('--redis') && environment.QUEUE_URL) {
    return {
      kind: 'refused',
      problem: '--redis starts a Redis of its own, and QUEUE_URL names another: give one of them',
    };
  }
  const port = (variable: string, fallback: number) =>
    environment[variable] ? Number(environment[variable]) : fallback;
  return {
    kind: 'settings',
    settings: {
      root: repositoryRoot,
      dataFolder: dataFolderOf(environment),
      postgresPort: port(postgresPortVariable, 54_320),
      databaseUrl: environment.DATABASE_URL || undefined,
      queueUrl: environment.QUEUE_URL || undefined,
      redisPort: args.includes('--redis') ? port(redisPortVariable, 63_790) : undefined,
      servicePorts: new Map(table.map((process) => [process.name, port(process.portVariable, process.defaultPort)])),
      logFormat: environment.LOG_FORMAT === 'json' ? 'json' : 'pretty',
      quiet: args.includes('--quiet'),
      seed: !args.includes('--no-seed'),
      environment,
    },
  };
}

function helpText(table: readonly StackProcess[]): string {
  const lines = Object.entries(options).map(([name, text]) => `  ${name.padEnd(10)} ${text}`);
  const ports = table.map((process) => `${process.portVariable} (${process.defaultPort})`);
  return [
    'npm start [-- options]',
    ...lines,
    'Environment:',
    '  DATABASE_URL, QUEUE_URL   stores of your own instead of those that npm start runs',
    '  OUTRIGGER_DATA_DIR        where data is kept (.outrigger)',
    `  ports                     ${postgresPortVariable} (54320), ${ports.join(', ')}`,
  ].join('\n');
}

/** The folder of one process for its own files (journals). */
export function processFolder(settings: StackSettings, name: string): string {
  return join(settings.dataFolder, 'processes', name);
}

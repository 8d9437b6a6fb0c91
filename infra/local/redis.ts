import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describeExit, startLeashed } from './leashed-process.ts';
import { findFreePort } from './ports.ts';
import { startRedisContainer } from './redis-container.ts';
import { type RedisProgram, unpackRedisPackage } from './redis-package.ts';

export type RunningRedis = {
  readonly url: string;
  /** Where it came from, in words. */
  readonly source: string;
  /** What to run for another one like it; absent for a container. */
  readonly program?: RedisProgram;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
};

export type RedisOptions = {
  /** Holds the append-only file. Absolute. */
  readonly folder: string;
  /** Keeps a downloaded Redis between runs. Absolute. */
  readonly packageFolder: string;
  /** Absent: any free port. */
  readonly port?: number;
  /** When there is none: hears why, one line for each way that was tried. */
  readonly say: (line: string) => void;
};

const stopGraceMs = 20_000;

/**
 * Starts a Redis or Valkey: the one on PATH, else one in a container, else Debian's package unpacked into our own folder.
 * Returns undefined when there is none to be had. Settings are those that BullMQ needs: nothing evicted, appended to disk.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis | undefined> {
  const reasons: string[] = [];
  const redis = await firstThatStarts(options, (reason) => reasons.push(reason));
  if (redis === undefined) for (const reason of reasons) options.say(reason);
  return redis;
}

async function firstThatStarts(
  options: RedisOptions,
  note: (reason: string) => void,
): Promise<RunningRedis | undefined> {
  for (const name of ['redis-server', 'valkey-server']) {
    const command = findOnPath(name, process.env.PATH ?? '');
    if (command === undefined) {
      note(`${name} is not on PATH`);
      continue;
    }
    const started = await startProgram({ command, environment: process.env }, command, options, note);
    if (started !== undefined) return started;
  }
  // A container gets the port that its engine chooses: no good when a certain one is asked for.
  const container = options.port === undefined ? await startRedisContainer(note) : undefined;
  if (container !== undefined) return { ...container, source: 'a container (testcontainers)', kill: () => {} };
  const program = await unpackRedisPackage(options.packageFolder, note);
  return program && startProgram(program, "Debian's package, unpacked", options, note);
}

async function startProgram(
  program: RedisProgram,
  source: string,
  options: RedisOptions,
  note: (reason: string) => void,
): Promise<RunningRedis | undefined> {
  mkdirSync(options.folder, { recursive: true });
  const port = options.port ?? (await findFreePort());
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: options.folder,
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  const ready = Promise.withResolvers<'ready'>();
  const lines: string[] = [];
  const server = startLeashed({
    command: program.command,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    environment: program.environment,
    workingFolder: options.folder,
    orphanSignal: 'SIGTERM',
    onLine: (line) => {
      lines.push(line);
      lines.splice(0, lines.length - 20);
      if (line.includes('Ready to accept connections')) ready.resolve('ready');
    },
  });
  const first = await Promise.race([ready.promise, server.exited]);
  if (first !== 'ready') {
    note(`${program.command} ended (${describeExit(first)}): ${lines.at(-1) ?? 'no output'}`);
    return undefined;
  }
  const stop = async () => {
    await server.stop('SIGTERM', stopGraceMs);
  };
  return { url: `redis://127.0.0.1:${port}`, source, program, stop, kill: server.kill };
}

/** The full path of a program on a PATH, or undefined. */
export function findOnPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

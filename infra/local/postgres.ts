import { appendFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { describeExit, type LeashedProcess, startLeashed } from './leashed-process.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { clusterFiles, clusterUrl, createCluster, postgresEnvironment } from './postgres-cluster.ts';
import { waitForNoServer } from './postmaster-lock.ts';
import { chooseRunAs } from './run-as.ts';

export type PostgresOptions = {
  /** Holds the cluster, its password and its log; made when missing. Absolute. */
  readonly folder: string;
  readonly port: number;
  /** False only for data that nobody minds losing when the machine stops (tests). Crashes of processes are safe either way. */
  readonly durable: boolean;
  /** How long a server whose supervisor was killed may take to leave the folder; 5 s unless given. */
  readonly earlierServerGraceMs?: number;
};

export type RunningPostgres = {
  readonly url: string;
  readonly version: string;
  readonly runsAs: string;
  readonly process: LeashedProcess;
  /** Fast shutdown: sessions are ended, everything is written. */
  readonly stop: () => Promise<void>;
};

export type PostgresResult =
  | { readonly kind: 'running'; readonly postgres: RunningPostgres }
  | { readonly kind: 'failed'; readonly problem: string };

const readyLine = 'database system is ready to accept connections';
const stopGraceMs = 60_000;
/** The log starts anew at a start that finds it longer than this. */
const logLimitBytes = 5_000_000;

function serverSettings(options: PostgresOptions): string[] {
  const settings: Record<string, string | number> = {
    port: options.port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // a socket path may be 107 bytes long at most: a deep checkout would not start
    max_connections: 400,
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    fsync: options.durable ? 'on' : 'off',
    full_page_writes: options.durable ? 'on' : 'off',
    synchronous_commit: 'on',
    jit: 'off', // short statements only: compiling them costs more than it saves
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * Starts the PostgreSQL that npm brought, on a folder of its own, and waits until it takes connections. Makes the cluster
 * on first use. A second server on the same folder is refused with a sentence that says which one is there.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresResult> {
  const { folder } = options;
  const found = await findPostgresBinaries();
  if (found.kind === 'missing') return failed(found.problem);
  const { binaries } = found;
  mkdirSync(folder, { recursive: true });
  const ownerId = statSync(folder).uid;
  if (process.getuid?.() !== 0 && ownerId !== process.getuid?.()) {
    return failed(
      `${folder} belongs to user ${ownerId} (an earlier run as root?): delete it, or set OUTRIGGER_DATA_DIR`,
    );
  }
  const files = clusterFiles(folder);
  // Before the owner of anything is changed: a running server must keep its files.
  const other = await waitForNoServer(files.data, options.earlierServerGraceMs ?? 5_000);
  if (other !== undefined) {
    return failed(
      `another PostgreSQL (process ${other.processId}, port ${other.port ?? 'unknown'}) runs on ${files.data}: ` +
        `stop the stack that it belongs to (Ctrl-C there), or stop it with: kill -INT ${other.processId}`,
    );
  }
  const choice = chooseRunAs(binaries.postgres, folder);
  if (choice.kind === 'none') return failed(`PostgreSQL does not run as root: ${choice.problem}`);
  const { runAs } = choice;
  const problem = await createCluster(binaries, runAs, folder, options);
  if (problem !== undefined) return failed(problem);

  if (!existsSync(files.log) || statSync(files.log).size > logLimitBytes) writeFileSync(files.log, '', { mode: 0o600 });
  const lastLines: string[] = [];
  const ready = Promise.withResolvers<'ready'>();
  const [command = '', ...args] = [...runAs.prefix, binaries.postgres, '-D', files.data, ...serverSettings(options)];
  const server = startLeashed({
    command,
    args,
    environment: postgresEnvironment,
    workingFolder: '/',
    orphanSignal: 'SIGINT', // a fast shutdown, in PostgreSQL's words
    userId: runAs.userId,
    groupId: runAs.groupId,
    onLine: (line) => {
      appendFileSync(files.log, `${line}\n`);
      lastLines.splice(0, lastLines.length - 19);
      lastLines.push(line);
      if (line.includes(readyLine)) ready.resolve('ready');
    },
  });
  const first = await Promise.race([ready.promise, server.exited]);
  if (first !== 'ready') return failed(`PostgreSQL ended (${describeExit(first)}):\n${lastLines.join('\n')}`);
  const stop = async () => {
    await server.stop('SIGINT', stopGraceMs);
  };
  const url = clusterUrl(folder, options.port);
  return {
    kind: 'running',
    postgres: { url, version: binaries.version, runsAs: runAs.description, process: server, stop },
  };
}

function failed(problem: string): PostgresResult {
  return { kind: 'failed', problem };
}

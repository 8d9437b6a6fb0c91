import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareFolder } from './data-folder.ts';
import { startLeashed } from './leashed-process.ts';
import { runPhase, type Screen } from './phases.ts';
import { findPortProblems, type PortWish } from './ports.ts';
import type { RunningPostgres } from './postgres.ts';
import { clusterFiles } from './postgres-cluster.ts';
import { findRunningServer } from './postmaster-lock.ts';
import type { StackProcess } from './process-table.ts';
import { runService, type ServiceProcess } from './service-process.ts';
import { postgresPortVariable, processFolder, redisPortVariable, type StackSettings } from './settings.ts';
import { postgresFolder, startDatabase, startQueueStore } from './stack-stores.ts';

export type StackOutput = {
  readonly screen: Screen;
  /** One line of a process of the stack. */
  readonly onLine: (source: string, line: string) => void;
  /** A line as it is. */
  readonly show: (line: string) => void;
  /** A line of the supervisor itself. */
  readonly say: (line: string) => void;
};

/** What runs so far. Filled while the stack starts, so that a stop in the middle finds everything. */
export type Stack = {
  readonly services: { readonly process: StackProcess; readonly running: ServiceProcess }[];
  readonly stores: { readonly name: string; readonly stop: () => Promise<void>; readonly kill: () => void }[];
  databaseUrl?: string;
  queueUrl?: string;
  postgres?: RunningPostgres;
};

/**
 * Starts everything, store by store and then all processes at once. Returns what went wrong, or undefined when all
 * processes serve. Whatever the outcome, `stack` holds what has to be stopped.
 */
export async function startStack(
  stack: Stack,
  settings: StackSettings,
  table: readonly StackProcess[],
  output: StackOutput,
): Promise<string | undefined> {
  const portProblems = await findPortProblems(portWishes(settings, table));
  if (portProblems.length > 0) {
    const server = findRunningServer(clusterFiles(postgresFolder(settings)).data);
    if (server !== undefined)
      portProblems.unshift(`it looks as if this stack runs already, from ${settings.dataFolder}:`);
    return portProblems.join('\n');
  }
  return (
    prepareFolder(settings.dataFolder) ??
    (await startDatabase(stack, settings, output)) ??
    (await startQueueStore(stack, settings, output)) ??
    (await migrate(stack, settings, output)) ??
    (await startServices(stack, settings, table, output))
  );
}

function portWishes(settings: StackSettings, table: readonly StackProcess[]): PortWish[] {
  const wishes: PortWish[] = [];
  if (settings.databaseUrl === undefined) {
    wishes.push({ port: settings.postgresPort, wantedBy: 'PostgreSQL', variable: postgresPortVariable });
  }
  if (settings.redisPort !== undefined) {
    wishes.push({ port: settings.redisPort, wantedBy: 'Redis', variable: redisPortVariable });
  }
  for (const { name, portVariable } of table) {
    wishes.push({ port: settings.servicePorts.get(name) ?? Number.NaN, wantedBy: name, variable: portVariable });
  }
  return wishes;
}

async function migrate(stack: Stack, settings: StackSettings, output: StackOutput): Promise<string | undefined> {
  const lines: string[] = [];
  const exit = await runPhase(
    output.screen,
    'migrating the database',
    () =>
      startLeashed({
        command: process.execPath,
        args: [join(settings.root, 'packages/store/src/migrate-main.ts')],
        environment: { ...settings.environment, DATABASE_URL: stack.databaseUrl },
        workingFolder: settings.root,
        orphanSignal: 'SIGTERM',
        onLine: (line) => lines.push(line),
      }).exited,
    (done) => (done.code === 0 ? 'database schema is up to date' : 'migrating the database'),
  );
  return exit.code === 0 ? undefined : `the migration failed:\n${lines.join('\n')}`;
}

async function startServices(
  stack: Stack,
  settings: StackSettings,
  table: readonly StackProcess[],
  output: StackOutput,
): Promise<string | undefined> {
  for (const process of table)
    stack.services.push({ process, running: startService(stack, settings, process, output) });
  // All of them together: the first that fails ends the start at once, however long the others still take.
  const failed = Promise.race(
    stack.services.map(({ running }) => running.ready.then((problem) => problem ?? new Promise<never>(() => {}))),
  );
  const allReady = Promise.all(stack.services.map(({ running }) => running.ready)).then(() => undefined);
  return runPhase(
    output.screen,
    `starting ${table.length} services`,
    () => Promise.race([failed, allReady]),
    (problem) => (problem === undefined ? `${table.length} services are ready` : problem),
  );
}

function startService(
  stack: Stack,
  settings: StackSettings,
  { name, main }: StackProcess,
  output: StackOutput,
): ServiceProcess {
  const dataFolder = processFolder(settings, name);
  mkdirSync(dataFolder, { recursive: true });
  const port = settings.servicePorts.get(name) ?? Number.NaN;
  return runService({
    name,
    command: process.execPath,
    args: [join(settings.root, main)],
    port,
    workingFolder: settings.root,
    onLine: (line) => output.onLine(name, line),
    say: output.say,
    environment: {
      EMAIL_PROVIDER: 'sandbox',
      SMS_PROVIDER: 'sandbox',
      PUSH_PROVIDER: 'sandbox',
      SANDBOX_VIEWER: 'true',
      // A receiver that is being written runs at the same desk.
      WEBHOOK_ALLOW_INSECURE: 'true',
      HOST: '127.0.0.1',
      INGRESS_URL: `http://127.0.0.1:${settings.servicePorts.get('ingress')}`,
      // Nobody at a desk wants to wait a quarter of an hour to see what a crash left unknown.
      UNKNOWN_WINDOW_MS: '10000',
      ...settings.environment,
      DATABASE_URL: stack.databaseUrl,
      QUEUE_URL: stack.queueUrl,
      PORT: String(port),
      LOG_FORMAT: 'json', // the supervisor makes it readable
      DATA_DIR: dataFolder,
    },
  });
}

/** Stops everything in order: the services by their stop order, then the stores, last started first. */
export async function stopStack(stack: Stack, say: (line: string) => void): Promise<void> {
  const orders = [...new Set(stack.services.map(({ process }) => process.stopOrder))].sort((a, b) => a - b);
  for (const order of orders) {
    const together = stack.services.filter(({ process }) => process.stopOrder === order);
    say(`stopping ${together.map(({ process }) => process.name).join(', ')}`);
    await Promise.all(together.map(({ running }) => running.stop()));
  }
  for (const store of stack.stores.toReversed()) {
    say(`stopping ${store.name}`);
    await store.stop();
  }
}

/** No more waiting: everything is killed. PostgreSQL and Redis recover from that at their next start. */
export function killStack(stack: Stack): void {
  for (const { running } of stack.services) running.kill();
  for (const store of stack.stores) store.kill();
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@outrigger/local/ports.ts';
import { type ManagedProcess, manageProcess, type Runnable } from './managed-process.ts';
import { accountVariables } from './provider/accounts.ts';
import { TOPIC } from './provider/reports.ts';
import type { Stores } from './stores.ts';

/** Short enough for a run to end in minutes; how they hang together is in packages/core/src/timing.ts. */
export const TIMING = {
  PROVIDER_TIMEOUT_MS: 1_600,
  UNKNOWN_WINDOW_MS: 2_000,
  SWEEP_AFTER_MS: 3_000,
  JANITOR_EVERY_MS: 500,
  LANE_CONCURRENCY: 4,
  SEND_CONCURRENCY: 16,
};

export type SystemProcess = ManagedProcess & {
  readonly role: Role;
  readonly url: string;
  /** The same service out of another build. */
  of(buildRoot: string): Runnable;
};
export type Role =
  | 'ingress'
  | 'email-worker'
  | 'sms-worker'
  | 'push-worker'
  | 'dispatcher'
  | 'control'
  | 'gateway'
  | 'provider';

const SERVICES: { name: string; role: Role }[] = [
  { name: 'control', role: 'control' },
  { name: 'ingress-1', role: 'ingress' },
  { name: 'ingress-2', role: 'ingress' },
  { name: 'dispatcher-1', role: 'dispatcher' },
  { name: 'dispatcher-2', role: 'dispatcher' },
  { name: 'email-worker-1', role: 'email-worker' },
  { name: 'email-worker-2', role: 'email-worker' },
  { name: 'sms-worker', role: 'sms-worker' },
  { name: 'push-worker', role: 'push-worker' },
];

/** The emulators throttle by chance and not for being called too fast. With a stated rate that slows a run down to a tenth of it at most. */
const STATED_RATE = 2_000;

/** Of a provider that reports: the one topic that the gateway believes. */
const REPORTED_ACCOUNT = 'ses';
/** A topic has been silent for so long after a start of the gateway before unknown messages are decided again. */
const SETTLE_MS = 1_000;

export const PUSH_APP = 'chaos.app';

export type Processes = {
  all: SystemProcess[];
  of(role: Role): SystemProcess[];
  ledgerPaths: string[];
  stop(): Promise<void>;
};

/** Starts the emulated providers and every service of the product, each as a process of its own. */
export async function startProcesses(options: {
  folder: string;
  buildRoot: string;
  stores: Stores;
  seed: number;
  compileCache?: string | undefined;
  /** Providers that do what they are asked. */
  calm?: boolean;
  /** SES reports to a gateway what it took. */
  evidence?: boolean;
  /** What each provider account may be called a second. */
  ratePerSecond?: number;
  /** Other durations than `TIMING`, by variable. */
  timing?: Record<string, number>;
}): Promise<Processes> {
  const { folder, buildRoot, compileCache } = options;
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const all: SystemProcess[] = [];
  const ledgerPaths: string[] = [];

  async function start(
    name: string,
    role: Role,
    args: (port: number, root: string) => string[],
    environment: NodeJS.ProcessEnv,
    port: number,
  ) {
    const of = (root: string): Runnable => ({ args: args(port, root), workingFolder: root });
    const managed = manageProcess({
      name,
      environment: { HOST: '127.0.0.1', PORT: String(port), NODE_COMPILE_CACHE: compileCache, ...environment },
      ...of(buildRoot),
      logPath: join(logs, `${name}.log`),
    });
    // The state is a getter: a spread would freeze it.
    const started = Object.create(managed, {
      role: { value: role },
      url: { value: `http://127.0.0.1:${port}` },
      of: { value: of },
    });
    all.push(started as SystemProcess);
    return started as SystemProcess;
  }

  const gatewayPort = await findFreePort();
  const providers = await Promise.all(
    (['ses', 'sns'] as const).map(async (kind) => {
      const book = join(folder, `${kind}.ledger`);
      ledgerPaths.push(book);
      const main = join(buildRoot, 'packages', 'chaos', 'src', 'provider', 'provider-main.ts');
      return start(
        kind,
        'provider',
        (port) => [
          ...[main, kind, String(port), book, String(options.seed), options.calm ? 'calm' : 'moody'],
          ...(options.evidence && kind === 'ses' ? [`http://127.0.0.1:${gatewayPort}`] : []),
        ],
        {},
        await findFreePort(),
      );
    }),
  );
  await Promise.all(providers.map((provider) => provider.whenUp()));
  const environment = {
    ...serviceEnvironment(options, providers[0]!.url, providers[1]!.url),
    ...variables(options.timing ?? {}),
  };
  const service = (name: string, role: Role, port: number, more: Record<string, string> = {}) =>
    start(
      name,
      role,
      (_port, root) => [join(root, 'services', role, 'src', 'main.ts')],
      { ...environment, ...more },
      port,
    );
  for (const { name, role } of SERVICES) await service(name, role, await findFreePort());
  if (options.evidence) await service('gateway', 'gateway', gatewayPort, sourceEnvironment(providers[0]!.url));
  await Promise.all(all.map((one) => one.whenUp()));
  return {
    all,
    ledgerPaths,
    of: (role) => all.filter((one) => one.role === role),
    async stop() {
      await Promise.all(all.filter((one) => one.role !== 'provider').map((one) => one.stop()));
      await Promise.all(providers.map((provider) => provider.stop()));
    },
  };
}

function sourceEnvironment(sesUrl: string): Record<string, string> {
  const source = { provider: 'ses', account: REPORTED_ACCOUNT, topics: [TOPIC], endpoint: sesUrl };
  return { CALLBACK_SOURCES: JSON.stringify([source]), CALLBACK_SETTLE_MS: String(SETTLE_MS) };
}

function variables(timing: Record<string, number>): Record<string, string> {
  return Object.fromEntries(Object.entries(timing).map(([name, value]) => [name, String(value)]));
}

function serviceEnvironment(
  { folder, stores, ratePerSecond = STATED_RATE }: { folder: string; stores: Stores; ratePerSecond?: number },
  sesUrl: string,
  snsUrl: string,
): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: stores.databaseUrl,
    ...(stores.queueUrl && { QUEUE_URL: stores.queueUrl }),
    DATA_DIR: join(folder, 'data'),
    ...accountVariables({ sesUrl, snsUrl, ratePerSecond, pushApp: PUSH_APP }),
    ...variables(TIMING),
  };
}

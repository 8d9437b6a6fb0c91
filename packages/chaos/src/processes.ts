import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@outrigger/local/ports.ts';
import { type ManagedProcess, manageProcess } from './managed-process.ts';
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

export type SystemProcess = ManagedProcess & { readonly role: Role; readonly url: string };
export type Role = 'ingress' | 'email-worker' | 'sms-worker' | 'push-worker' | 'dispatcher' | 'control' | 'provider';

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
}): Promise<Processes> {
  const { folder, buildRoot, stores } = options;
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const all: SystemProcess[] = [];
  const ledgerPaths: string[] = [];

  async function start(name: string, role: Role, args: (port: number) => string[], environment: NodeJS.ProcessEnv) {
    const port = await findFreePort();
    const managed = manageProcess({
      name,
      args: args(port),
      environment: { HOST: '127.0.0.1', PORT: String(port), ...environment },
      workingFolder: buildRoot,
      logPath: join(logs, `${name}.log`),
    });
    // The state is a getter: a spread would freeze it.
    const started = Object.create(managed, { role: { value: role }, url: { value: `http://127.0.0.1:${port}` } });
    all.push(started as SystemProcess);
    return started as SystemProcess;
  }

  const providers = await Promise.all(
    (['ses', 'sns'] as const).map((kind) => {
      const book = join(folder, `${kind}.ledger`);
      ledgerPaths.push(book);
      const main = join(buildRoot, 'packages', 'chaos', 'src', 'provider', 'provider-main.ts');
      return start(kind, 'provider', (port) => [main, kind, String(port), book, String(options.seed)], {});
    }),
  );
  await Promise.all(providers.map((provider) => provider.whenUp()));
  const environment = serviceEnvironment(folder, stores, providers[0]!.url, providers[1]!.url);
  for (const { name, role } of SERVICES) {
    await start(name, role, () => [join(buildRoot, 'services', role, 'src', 'main.ts')], environment);
  }
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

function serviceEnvironment(folder: string, stores: Stores, sesUrl: string, snsUrl: string): NodeJS.ProcessEnv {
  const sns = {
    SNS_REGION: 'eu-central-1',
    SNS_ENDPOINT: snsUrl,
    SNS_ACCESS_KEY_ID: 'chaos',
    SNS_SECRET_ACCESS_KEY: 'chaos',
  };
  return {
    DATABASE_URL: stores.databaseUrl,
    ...(stores.queueUrl && { QUEUE_URL: stores.queueUrl }),
    DATA_DIR: join(folder, 'data'),
    EMAIL_ACCOUNTS: account('ses', {
      EMAIL_PROVIDER: 'ses',
      SES_REGION: 'eu-central-1',
      SES_ENDPOINT: sesUrl,
      SES_ACCESS_KEY_ID: 'chaos',
      SES_SECRET_ACCESS_KEY: 'chaos',
    }),
    SMS_ACCOUNTS: account('sns', { SMS_PROVIDER: 'sns', ...sns }),
    PUSH_ACCOUNTS: account('sns', {
      PUSH_PROVIDER: 'sns',
      ...sns,
      SNS_PUSH_APPLICATIONS: JSON.stringify({
        [`${PUSH_APP}:fcm`]: 'arn:aws:sns:eu-central-1:123456789012:app/GCM/chaos',
      }),
    }),
    ...Object.fromEntries(Object.entries(TIMING).map(([name, value]) => [name, String(value)])),
  };
}

/**
 * One account with a stated rate. The emulators throttle by chance and not for being called too fast; with a stated rate that
 * slows a run down to a tenth of it at most, and not to one a second.
 */
function account(name: string, variables: Record<string, string>): string {
  return JSON.stringify([{ name, rate_per_second: 2_000, ...variables }]);
}

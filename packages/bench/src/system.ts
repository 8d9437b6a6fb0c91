import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountVariables } from '@outrigger/chaos/provider/accounts';
import { redisProcessId } from '@outrigger/chaos/redis-command';
import { openStores, type Stores } from '@outrigger/chaos/stores';
import { migrate, openPool, type Pool } from '@outrigger/store';
import { type ProcessGroup, withChildren } from './process-usage.ts';
import type { Scenario, WorkerName } from './scenarios.ts';
import { type Service, startService } from './service.ts';

export type SystemOptions = {
  root: string;
  /** A folder of this run alone. */
  folder: string;
  packageFolder: string;
  providerUrl: string;
  workers: number;
  profileFolder?: string;
  /** Replaces variables of the services. */
  environment?: NodeJS.ProcessEnv;
};

/** Stores and services of one run, each service a process of its own, as durable as in production. */
export type System = {
  pool: Pool;
  stores: Stores;
  ingress: Service;
  controlUrl: string;
  groups: ProcessGroup[];
  /** One more worker, while everything runs. */
  startWorker(worker: WorkerName): Promise<void>;
  /** SIGKILL, and the same service again. */
  killAndStart(name: string): Promise<void>;
  /** In order: nothing that was accepted is left over. */
  stopServices(): Promise<void>;
  stop(): Promise<void>;
};

export const PUSH_APP = 'example.shop.app';

/** Before the services start: they keep API keys and the like in memory. */
export type Seed = (pool: Pool) => Promise<void>;

export async function startSystem(scenario: Scenario, options: SystemOptions, seed: Seed): Promise<System> {
  const { folder } = options;
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const stores = await openStores(folder, options.packageFolder, scenario.queues);
  const pool = openPool({
    databaseUrl: stores.databaseUrl,
    maxConnections: 4,
    statementTimeoutMs: 0,
    onError: () => {},
  });
  const services: Service[] = [];
  const stopServices = async () => {
    await Promise.all(services.splice(0).map((service) => service.stop()));
  };
  try {
    await migrate(pool);
    await seed(pool);
    const environment = { ...environmentOf(stores, options), ...options.environment };
    const start = async (name: string, script: string) => {
      const { profileFolder } = options;
      const spec = { name, script, environment, ...(profileFolder !== undefined && { profileFolder }) };
      const service = await startService(spec, options.root, join(folder, 'logs'));
      services.push(service);
      return service;
    };
    const main = (service: string) => join('services', service, 'src', 'main.ts');
    const control = await start('control', main('control'));
    const ingress = await start('ingress', main('ingress'));
    await start('dispatcher', main('dispatcher'));
    for (let count = 1; count <= options.workers; count++)
      await start(numbered(scenario.worker, count), main(scenario.worker));
    const groups = await groupsOf(services, stores, folder);
    return {
      async killAndStart(name) {
        const place = services.findIndex((service) => service.name === name);
        await services[place]!.kill();
        const [dead] = services.splice(place, 1);
        await start(dead!.name, main(dead!.name));
      },
      async startWorker(worker) {
        const { name, processId } = await start(worker, main(worker));
        groups.push({ name, processIds: () => [processId] });
      },
      pool,
      stores,
      ingress,
      controlUrl: `http://127.0.0.1:${control.port}`,
      groups,
      stopServices,
      async stop() {
        await stopServices();
        await pool.end();
        await stores.stop();
      },
    };
  } catch (error) {
    await stopServices();
    await pool.end();
    await stores.stop();
    throw error;
  }
}

function numbered(worker: WorkerName, count: number): string {
  return count === 1 ? worker : `${worker}-${count}`;
}

async function groupsOf(services: Service[], stores: Stores, folder: string): Promise<ProcessGroup[]> {
  const postmaster = Number(readFileSync(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  // By name, for a service that was killed and started again is another process.
  const processOf = (name: string) => services.filter((service) => service.name === name).map((one) => one.processId);
  const groups: ProcessGroup[] = services.map(({ name }) => ({ name, processIds: () => processOf(name) }));
  groups.push({ name: 'postgres', processIds: () => withChildren(postmaster) });
  if (stores.queueUrl) {
    const redis = await redisProcessId(stores.queueUrl);
    groups.push({ name: 'redis', processIds: () => [redis] });
  }
  return groups;
}

/** A provider that takes everything, at a stated rate that nothing here reaches: rate limits are at work and do not bind. */
const ACCOUNT_RATE = 100_000;

function environmentOf(stores: Stores, { folder, providerUrl }: SystemOptions): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: stores.databaseUrl,
    ...(stores.queueUrl && { QUEUE_URL: stores.queueUrl }),
    DATA_DIR: join(folder, 'data'),
    ...accountVariables({ sesUrl: providerUrl, snsUrl: providerUrl, ratePerSecond: ACCOUNT_RATE, pushApp: PUSH_APP }),
  };
}

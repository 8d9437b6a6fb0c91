import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, openPool, type Pool } from '@outrigger/store';
import { makeBuild, type Sabotage } from './build.ts';
import { type CallControl, controlCaller, makeCallers, makeTenants, type Tenant } from './campaigns.ts';
import { type Processes, startProcesses } from './processes.ts';
import { openStores, type QueueKind, type Stores, weakenCommits } from './stores.ts';

export type SystemOptions = {
  queues: QueueKind;
  seed: number;
  sabotage?: Sabotage;
  repositoryRoot: string;
  /** A folder of this run alone; removed when the run went well. */
  folder: string;
  packageFolder: string;
  /**
   * Where Node keeps what it compiled. It knows files by their paths, so the build that is not changed then runs where it is. Without
   * it a copy runs: a run of many minutes must not meet what somebody edits meanwhile.
   */
  compileCache?: string | undefined;
  calm?: boolean;
  evidence?: boolean;
  ratePerSecond?: number;
  timing?: Record<string, number>;
  say: (line: string) => void;
};

/** The whole product over stores of its own, with tenants whose campaigns are live. */
export type System = {
  pool: Pool;
  stores: Stores;
  processes: Processes;
  tenants: Tenant[];
  control: CallControl;
};

const TENANTS = 3;

/** Starts everything out of a copy of the sources, hands it over, and stops it in the end, whatever happened. */
export async function withSystem<Result>(
  options: SystemOptions,
  use: (system: System) => Promise<Result>,
): Promise<Result> {
  const { folder, say } = options;
  const startedAt = performance.now();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const inPlace = options.compileCache !== undefined && options.sabotage === undefined;
  const buildRoot = inPlace
    ? options.repositoryRoot
    : makeBuild(options.repositoryRoot, join(folder, 'build'), options.sabotage);
  const stores = await openStores(folder, options.packageFolder, options.queues);
  const pool = openPool({
    databaseUrl: stores.databaseUrl,
    maxConnections: 4,
    statementTimeoutMs: 0,
    onError: () => {},
  });
  let processes: Processes | undefined;
  try {
    await migrate(pool);
    if (options.sabotage === 'commit') await weakenCommits(pool);
    const callers = await makeCallers(pool, TENANTS);
    const compileCache = inPlace ? options.compileCache : undefined;
    processes = await startProcesses({ ...options, compileCache, buildRoot, stores });
    const control = controlCaller(processes.of('control')[0]!.url);
    const tenants = await makeTenants(callers, control);
    say(`everything is up after ${secondsSince(startedAt)} s`);
    return await use({ pool, stores, processes, tenants, control });
  } finally {
    await processes?.stop().catch(() => {});
    await pool.end();
    await stores.stop();
  }
}

/** Seconds since an instant of the monotonic clock, with one decimal. */
export function secondsSince(at: number): number {
  return Math.round((performance.now() - at) / 100) / 10;
}

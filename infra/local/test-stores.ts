import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareFolder } from './data-folder.ts';
import { findFreePort } from './ports.ts';
import { type PostgresResult, startPostgres } from './postgres.ts';
import { startPostgresContainer } from './postgres-container.ts';
import { type RunningRedis, startRedis } from './redis.ts';
import { startRedisContainer } from './redis-container.ts';

export type TestStores = {
  /**
   * TEST_DATABASE_URL and, when there is a Redis, TEST_REDIS_URL; with TEST_REDIS_SERVER and TEST_REDIS_LIBRARY_PATH a test
   * can run a Redis of its own.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Which Redis it is, in words; undefined when none was found. */
  readonly redis: string | undefined;
  /** Which PostgreSQL it is, in words; undefined for our own. */
  readonly postgres?: string;
  readonly stop: () => Promise<void>;
};

export type TestStoresResult =
  | { readonly kind: 'running'; readonly running: TestStores }
  | { readonly kind: 'failed'; readonly problem: string };

/** A free port can be taken before PostgreSQL gets there, when two test runs start together. */
const portAttempts = 3;

/**
 * Starts the stores of one test run in a folder of its own, which goes away with them. Stores that the environment names
 * are used as they are. With TEST_STORES=containers both come from containers (testcontainers), or it fails.
 */
export async function startTestStores(
  dataFolder: string,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<TestStoresResult> {
  if (environment.TEST_STORES === 'containers') return startContainers();
  const testFolder = join(dataFolder, 'test');
  const folderProblem = prepareFolder(testFolder);
  if (folderProblem !== undefined) return { kind: 'failed', problem: folderProblem };
  removeLeftovers(testFolder);
  const folder = join(testFolder, String(process.pid));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);

  const [database, redis] = await Promise.all([
    environment.TEST_DATABASE_URL ? undefined : startDatabase(join(folder, 'postgres')),
    environment.TEST_REDIS_URL
      ? undefined
      : startRedis({ folder: join(folder, 'redis'), packageFolder: join(dataFolder, 'redis-package'), say }),
  ]);
  const stop = async () => {
    await Promise.all([database?.kind === 'running' && database.postgres.stop(), redis?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  if (database?.kind === 'failed') {
    await stop();
    return { kind: 'failed', problem: database.problem };
  }
  const urls = {
    TEST_DATABASE_URL: environment.TEST_DATABASE_URL || database?.postgres.url,
    TEST_REDIS_URL: environment.TEST_REDIS_URL || redis?.url,
    TEST_REDIS_SERVER: redis?.program?.command,
    TEST_REDIS_LIBRARY_PATH: redis?.program?.environment.LD_LIBRARY_PATH,
  };
  const named = Object.entries(urls).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    kind: 'running',
    running: { environment: Object.fromEntries(named), redis: describeRedis(environment, redis), stop },
  };
}

async function startContainers(): Promise<TestStoresResult> {
  const reasons = new Set<string>();
  const note = (reason: string) => reasons.add(reason);
  const [postgres, redis] = await Promise.all([startPostgresContainer(note), startRedisContainer(note)]);
  const stop = async () => {
    await Promise.all([postgres?.stop(), redis?.stop()]);
  };
  if (postgres === undefined || redis === undefined) {
    await stop();
    return { kind: 'failed', problem: `TEST_STORES=containers: ${[...reasons].join('; ')}` };
  }
  return {
    kind: 'running',
    running: {
      environment: { TEST_DATABASE_URL: postgres.url, TEST_REDIS_URL: redis.url },
      redis: `${redis.url}, a container of ${redis.image}`,
      postgres: `${new URL(postgres.url).host}, a container of ${postgres.image}`,
      stop,
    },
  };
}

async function startDatabase(folder: string): Promise<PostgresResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await startPostgres({ folder, port: await findFreePort(), durable: false });
    const portTaken = result.kind === 'failed' && result.problem.includes('could not bind');
    if (!portTaken || attempt === portAttempts) return result;
  }
}

function describeRedis(environment: NodeJS.ProcessEnv, redis: RunningRedis | undefined): string | undefined {
  if (environment.TEST_REDIS_URL) return `${environment.TEST_REDIS_URL} (TEST_REDIS_URL)`;
  return redis && `${redis.url}, from ${redis.source}`;
}

/** Removes the folders of runs that were killed. Each is named after the process that made it. */
function removeLeftovers(testFolder: string): void {
  for (const name of readdirSync(testFolder)) {
    if (!isAlive(Number(name))) rmSync(join(testFolder, name), { recursive: true, force: true });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

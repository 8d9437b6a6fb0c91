import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '@outrigger/local/ports.ts';
import { type RunningPostgres, startPostgres } from '@outrigger/local/postgres.ts';
import { type RunningRedis, startRedis } from '@outrigger/local/redis.ts';
import type { Pool } from '@outrigger/store';
import { redisCommand, redisProcessId } from './redis-command.ts';

export type QueueKind = 'postgres' | 'redis';

/** The stores of a run, as durable as in production, and what can be done to them. */
export type Stores = {
  readonly databaseUrl: string;
  /** Absent: the queues live in PostgreSQL. */
  readonly queueUrl: string | undefined;
  readonly versions: Record<string, string>;
  readonly state: { postgres: 'up' | 'down'; redis: 'up' | 'busy' | 'down' };
  /** Immediate shutdown: no checkpoint, nothing flushed. Started again after `downMs`. */
  crashPostgres(downMs: number): Promise<void>;
  /** SIGKILL; started again on its append-only file after `downMs`. */
  crashRedis(downMs: number): Promise<void>;
  flushRedis(): Promise<void>;
  freezeRedis(durationMs: number): Promise<void>;
  /** Goes back in time: SIGKILL, and a start on the files of `agoMs` before. Old jobs come back. */
  rewindRedis(agoMs: number): Promise<void>;
  stop(): Promise<void>;
};

export async function openStores(folder: string, packageFolder: string, kind: QueueKind): Promise<Stores> {
  const postgresOptions = { folder: join(folder, 'postgres'), port: await findFreePort(), durable: true };
  const redisOptions = { folder: join(folder, 'redis'), packageFolder, port: await findFreePort(), say: () => {} };
  let postgres = await bringUp('PostgreSQL', () => postgresStart(postgresOptions));
  let redis = kind === 'redis' ? await bringUp('Redis', () => startRedis(redisOptions)) : undefined;
  const state: Stores['state'] = { postgres: 'up', redis: 'up' };
  const versions: Record<string, string> = { postgres: postgres.version };
  if (redis) versions.redis = /redis_version:(\S+)/.exec(await redisCommand(redis.url, 'INFO server'))?.[1] ?? '?';

  async function restartRedis(downMs: number, between: () => void): Promise<void> {
    if (!redis) return;
    state.redis = 'down';
    redis.kill();
    await delay(downMs);
    between();
    redis = await bringUp('Redis', () => startRedis(redisOptions));
    state.redis = 'up';
  }

  return {
    databaseUrl: postgres.url,
    queueUrl: redis?.url,
    versions,
    state,
    async crashPostgres(downMs) {
      state.postgres = 'down';
      process.kill(postgres.process.processId, 'SIGQUIT');
      await postgres.process.exited;
      await delay(downMs);
      postgres = await bringUp('PostgreSQL', () => postgresStart(postgresOptions));
      state.postgres = 'up';
    },
    crashRedis: (downMs) => restartRedis(downMs, () => {}),
    async flushRedis() {
      if (redis) await redisCommand(redis.url, 'FLUSHALL');
    },
    async freezeRedis(durationMs) {
      if (!redis) return;
      const processId = await redisProcessId(redis.url);
      state.redis = 'busy';
      process.kill(processId, 'SIGSTOP');
      await delay(durationMs);
      process.kill(processId, 'SIGCONT');
      state.redis = 'up';
    },
    async rewindRedis(agoMs) {
      const files = join(redisOptions.folder, 'appendonlydir');
      const copy = join(folder, 'redis-earlier');
      if (!redis || !existsSync(files)) return;
      state.redis = 'busy';
      rmSync(copy, { recursive: true, force: true });
      cpSync(files, copy, { recursive: true });
      await delay(agoMs);
      await restartRedis(300, () => {
        rmSync(files, { recursive: true, force: true });
        cpSync(copy, files, { recursive: true });
      });
    },
    async stop() {
      await Promise.all([postgres.stop(), redis?.stop()]);
    },
  };
}

/** Whether a Redis can be started on this machine. */
export async function redisIsThere(folder: string, packageFolder: string): Promise<boolean> {
  const redis = await startRedis({ folder, packageFolder, port: await findFreePort(), say: console.log });
  await redis?.stop();
  return redis !== undefined;
}

async function postgresStart(options: Parameters<typeof startPostgres>[0]): Promise<RunningPostgres | undefined> {
  const result = await startPostgres(options);
  if (result.kind === 'failed') console.error(result.problem);
  return result.kind === 'running' ? result.postgres : undefined;
}

/** A store that was killed a moment ago may still hold its port or its lock. */
async function bringUp<Store extends RunningPostgres | RunningRedis>(
  name: string,
  start: () => Promise<Store | undefined>,
): Promise<Store> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const store = await start();
    if (store) return store;
    await delay(500);
  }
  throw new Error(`${name} does not start`);
}

/** Makes acknowledged commits lose their last ten seconds when the server crashes. */
export async function weakenCommits(pool: Pool): Promise<void> {
  await pool.query('ALTER DATABASE outrigger SET synchronous_commit = off');
  await pool.query("ALTER SYSTEM SET wal_writer_delay = '10s'");
  await pool.query("ALTER SYSTEM SET wal_writer_flush_after = '1GB'");
  await pool.query('SELECT pg_reload_conf()');
}

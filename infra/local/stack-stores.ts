import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runPhase } from './phases.ts';
import { canConnect } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import type { StackSettings } from './settings.ts';
import type { Stack, StackOutput } from './stack.ts';

/** Starts our own PostgreSQL, or takes the one that DATABASE_URL names. Returns what went wrong. */
export async function startDatabase(
  stack: Stack,
  settings: StackSettings,
  output: StackOutput,
): Promise<string | undefined> {
  if (settings.databaseUrl !== undefined) {
    stack.databaseUrl = settings.databaseUrl;
    return checkReachable('DATABASE_URL', settings.databaseUrl, 5432);
  }
  const folder = postgresFolder(settings);
  const label = existsSync(folder) ? 'starting PostgreSQL' : 'creating a PostgreSQL database';
  const result = await runPhase(
    output.screen,
    label,
    () => startPostgres({ folder, port: settings.postgresPort, durable: true }),
    (done) => (done.kind === 'running' ? `PostgreSQL ${done.postgres.version}, port ${settings.postgresPort}` : label),
  );
  if (result.kind === 'failed') return result.problem;
  const { postgres } = result;
  stack.postgres = postgres;
  stack.databaseUrl = postgres.url;
  stack.stores.push({ name: 'PostgreSQL', stop: postgres.stop, kill: postgres.process.kill });
  return undefined;
}

/** Starts a Redis when one was asked for, or takes the one that QUEUE_URL names. Returns what went wrong. */
export async function startQueueStore(
  stack: Stack,
  settings: StackSettings,
  output: StackOutput,
): Promise<string | undefined> {
  if (settings.queueUrl !== undefined) {
    stack.queueUrl = settings.queueUrl;
    return checkReachable('QUEUE_URL', settings.queueUrl, 6379);
  }
  if (settings.redisPort === undefined) return undefined;
  const folder = join(settings.dataFolder, 'redis');
  const packageFolder = join(settings.dataFolder, 'redis-package');
  const redis = await runPhase(
    output.screen,
    'starting Redis',
    () => startRedis({ folder, packageFolder, port: settings.redisPort, say: output.say }),
    (done) => (done ? `Redis, port ${settings.redisPort}, from ${done.source}` : 'starting Redis'),
  );
  if (redis === undefined) return 'no Redis was found: install redis-server or valkey-server, or start without --redis';
  stack.queueUrl = redis.url;
  stack.stores.push({ name: 'Redis', stop: redis.stop, kill: redis.kill });
  return undefined;
}

/** The folder of the stack's own PostgreSQL. */
export function postgresFolder(settings: StackSettings): string {
  return join(settings.dataFolder, 'postgres');
}

/** A store that is named but not there would otherwise show as six services that fail one after the other. */
async function checkReachable(variable: string, url: string, defaultPort: number): Promise<string | undefined> {
  if (!URL.canParse(url)) return `${variable} is not a URL`;
  const { hostname, port, host } = new URL(url);
  if (hostname === '') return undefined; // a socket folder, or several hosts: the driver knows
  const reachable = await canConnect(hostname.replace(/^\[|\]$/g, ''), Number(port) || defaultPort, 3_000);
  return reachable ? undefined : `nothing answers at ${host}, which ${variable} names`;
}

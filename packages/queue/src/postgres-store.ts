import { ConnectionClosedError, PostgresConnection, PostgresQueueBackend } from 'bullmq';
import { createBeat } from './beat.ts';
import { shardName } from './lane-shard.ts';
import type { QueueStore, WorkerBackend } from './store.ts';

/** As for Redis: an add that takes longer is left to the janitor. */
const PRODUCER_LIMIT_MS = 1_500;
const WORKER_QUERY_LIMIT_MS = 30_000;

/** BullMQ runs one short query per job and worker; more connections than this bought nothing when measured. */
const MAX_WORKER_CONNECTIONS = 4;
const MAX_PRODUCER_CONNECTIONS = 2;

type Options = {
  databaseUrl: string;
  schema: string;
  prefix: string;
  laneShards: number;
  report: (error: unknown) => void;
};

/**
 * See `openQueueStore`. A direct connection or a session pooler is needed: workers LISTEN, and the schema is selected
 * by a start-up parameter, so a transaction pooler (PgBouncer's `transaction` mode) does not do.
 */
export async function openPostgresStore({
  databaseUrl,
  schema,
  prefix,
  laneShards,
  report,
}: Options): Promise<QueueStore> {
  const base = connectionConfig(databaseUrl, schema);
  await migrate(base, report);

  const producer = new PostgresConnection({
    ...base,
    max: MAX_PRODUCER_CONNECTIONS,
    connectionTimeoutMillis: PRODUCER_LIMIT_MS,
    query_timeout: PRODUCER_LIMIT_MS,
    statement_timeout: PRODUCER_LIMIT_MS,
  });
  guard(producer, report);
  await ready(producer);

  return {
    kind: 'postgres',
    report,
    prefix,
    isReachable: () => true,
    watchMemory: () => {
      // Only a crash of the server can undo an add (see connectionConfig), and after a crash the server has started anew.
      let startedAt: unknown;
      return createBeat(async () => {
        const { rows } = await producer.pool.query(
          'SELECT pg_postmaster_start_time()::text AS at, pg_is_in_recovery() AS r',
        );
        const before = startedAt;
        startedAt = JSON.stringify(rows[0]);
        return startedAt === before;
      });
    },
    close: () => producer.close(),
    // The schema is shared by all who use it; BullMQ's own prefix does nothing on Postgres.
    laneShards,
    queueName: (lane, shard = 0) => `${prefix}-${shardName(lane, shard)}`,
    heldJobs: async (queueName, jobIds) => {
      const { rows } = await producer.pool.query('SELECT id FROM job WHERE queue = $1 AND id = ANY ($2)', [
        queueName,
        jobIds,
      ]);
      return rows.map((row) => String(row.id));
    },
    producerBackend: (name, options) => new PostgresQueueBackend(producer, name, { ...options, connection: '' }, false),
    openWorkerBackend: (worker) => openWorkerConnection(base, worker.concurrency, worker.report),
  };
}

async function openWorkerConnection(
  base: ConnectionConfig,
  concurrency: number,
  report: (error: unknown) => void,
): Promise<WorkerBackend> {
  const connection = new PostgresConnection({
    ...base,
    max: Math.min(concurrency, MAX_WORKER_CONNECTIONS),
    connectionTimeoutMillis: 5_000,
    query_timeout: WORKER_QUERY_LIMIT_MS,
  });
  guard(connection, report);
  tellOutages(connection, report);
  // BullMQ remembers the result of the first look at the schema for good, failures too. So a worker that is started
  // while Postgres is away would never work: here the failure is ours, and the caller opens a new connection.
  await ready(connection);
  return {
    factory: (name, options) => new WakefulBackend(connection, name, { ...options, connection: '' }, true, name),
    release: () => {
      connection.close().catch(report);
    },
  };
}

/**
 * BullMQ would sleep for up to an hour when it believes that a NOTIFY will wake it; a NOTIFY lost while Postgres
 * restarts would then leave jobs lying. Ten seconds is what BullMQ allows itself on Redis.
 */
class WakefulBackend extends PostgresQueueBackend {
  override get maximumBlockTimeout(): number {
    return 10;
  }
}

/**
 * BullMQ waits and tries again after what it takes for a lost connection: of Postgres' many ways to be away that is
 * "connection refused" alone. After the others it fetches again without a pause, and calls a job failed whose handler
 * succeeded because it could not be acknowledged. So the others are given the name that BullMQ knows.
 */
function tellOutages(connection: PostgresConnection, report: (error: unknown) => void): void {
  const query = connection.pool.query.bind(connection.pool);
  connection.pool.query = async (text, params) => {
    try {
      return await query(text, params);
    } catch (error) {
      if (!isOutage(error)) throw error;
      report(error);
      throw new ConnectionClosedError(error.message, error);
    }
  };
}

/** Not an answer of the server, or one that says: lost (08), out of resources (53), shutting down or canceled (57). */
function isOutage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (!('severity' in error)) return true;
  return 'code' in error && /^(08|53|57)/.test(String(error.code));
}

type ConnectionConfig = { connectionString: string; schema: string; options: string; keepAlive: boolean };

/**
 * Commits of queue tables do not wait for the disk. A crash of Postgres may undo the last moments of the queue, never
 * of the ledger: the janitor enqueues a lost job again, and a job that comes back finds nothing to claim.
 */
function connectionConfig(databaseUrl: string, schema: string): ConnectionConfig {
  const config = { schema, keepAlive: true };
  const own = '-c synchronous_commit=off';
  if (!URL.canParse(databaseUrl)) return { ...config, connectionString: databaseUrl, options: own };
  // node-postgres prefers what the address says, which would drop our options and the search_path BullMQ adds to them.
  const url = new URL(databaseUrl);
  const given = url.searchParams.get('options');
  url.searchParams.delete('options');
  return { ...config, connectionString: url.href, options: given === null ? own : `${given} ${own}` };
}

async function migrate(base: ConnectionConfig, report: (error: unknown) => void): Promise<void> {
  const connection = new PostgresConnection({ ...base, max: 1, connectionTimeoutMillis: 5_000, migrate: true });
  guard(connection, report);
  await ready(connection);
  await connection.close();
}

async function ready(connection: PostgresConnection): Promise<void> {
  try {
    await connection.waitUntilReady();
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A pg client that loses its socket while checked out emits `error` with nobody listening, which ends the process. */
function guard(connection: PostgresConnection, report: (error: unknown) => void): void {
  connection.on('error', report);
  connection.pool.on('connect', (client) => client.on('error', report));
}

import { readdir } from 'node:fs/promises';
import type { Pool } from './pool.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/** What a look at the ledger's server tells of its fitness; nothing in it is anybody's data. */
export type LedgerFacts = {
  /** Such as 180004 for 18.4. */
  versionNumber: number;
  version: string;
  synchronousCommit: string;
  autovacuum: string;
  maxConnections: number;
  usedConnections: number;
  /** The server's clock at the moment of the answer. */
  nowAt: Date;
  /** Migrations of this build that the schema does not have; undefined when it has no migrations at all. */
  pendingMigrations: string[] | undefined;
  /** Whether tomorrow's partitions are there. */
  partitionedAhead: boolean;
  inRecovery: boolean;
};

/** Looks at the ledger's server and schema. Throws when it cannot be reached. */
export async function readLedgerFacts(pool: Pool, schema: string): Promise<LedgerFacts> {
  const { rows } = await pool.query<{
    version_number: number;
    version: string;
    synchronous_commit: string;
    autovacuum: string;
    max_connections: number;
    used_connections: number;
    now_at: Date;
    has_migrations: boolean;
    partitioned_ahead: boolean;
    in_recovery: boolean;
  }>(
    `SELECT current_setting('server_version_num')::int AS version_number, current_setting('server_version') AS version,
       current_setting('synchronous_commit') AS synchronous_commit, current_setting('autovacuum') AS autovacuum,
       current_setting('max_connections')::int AS max_connections,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used_connections,
       clock_timestamp() AS now_at, to_regclass($1 || '.migrations') IS NOT NULL AS has_migrations,
       -- Asked of the schema and not of a list here, which would grow old.
       coalesce((SELECT bool_and(to_regclass($1 || '.' || c.relname
              || to_char((now() AT TIME ZONE 'UTC') + interval '1 day', '_YYYYMMDD')) IS NOT NULL)
          FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
         WHERE c.relnamespace = to_regnamespace($1) AND p.partstrat = 'r'), false) AS partitioned_ahead,
       pg_is_in_recovery() AS in_recovery`,
    [schema],
  );
  const row = rows[0]!;
  return {
    versionNumber: row.version_number,
    version: row.version,
    synchronousCommit: row.synchronous_commit,
    autovacuum: row.autovacuum,
    maxConnections: row.max_connections,
    usedConnections: row.used_connections,
    nowAt: row.now_at,
    pendingMigrations: row.has_migrations ? await pendingMigrations(pool, schema) : undefined,
    partitionedAhead: row.partitioned_ahead,
    inRecovery: row.in_recovery,
  };
}

/** How the webhooks of all sandboxes fare. */
export type WebhookFacts = {
  webhooks: number;
  /** Those that no gateway looks after. */
  untold: number;
  /** Those that are left alone because so many posts failed in a row. */
  paused: number;
  /** Events that were never told and may be posted again. */
  dead: number;
};

/** Looks at the webhooks of a schema that has every migration. */
export async function readWebhookFacts(pool: Pool, schema: string): Promise<WebhookFacts> {
  const { rows } = await pool.query<WebhookFacts>(
    `SELECT count(*)::int AS webhooks, count(*) FILTER (WHERE leased_until IS NULL OR leased_until < now())::int AS untold,
       count(*) FILTER (WHERE paused_until > now())::int AS paused,
       (SELECT count(*)::int FROM ${schema}.webhook_retries WHERE died_at IS NOT NULL) AS dead
     FROM ${schema}.webhooks`,
  );
  return rows[0]!;
}

async function pendingMigrations(pool: Pool, schema: string): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  const { rows } = await pool.query<{ name: string }>(`SELECT name FROM ${schema}.migrations`);
  const done = new Set(rows.map((row) => row.name));
  return files.filter((name) => !done.has(name));
}

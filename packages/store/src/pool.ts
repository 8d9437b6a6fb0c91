import pg from 'pg';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

/** A row of unknown shape, as the driver returns it. */
export type Row = Record<string, unknown>;

export type PoolOptions = {
  databaseUrl: string;
  /** Where our tables live; a fresh one a test file. */
  schema?: string;
  maxConnections?: number;
  /** A statement that runs longer is cancelled: a stuck database answers 503, not silence. */
  statementTimeoutMs?: number;
  applicationName?: string;
  /** A lost idle connection is reported here; the pool makes a new one. */
  onError?: (error: Error) => void;
};

/**
 * Opens a pool on the ledger. `synchronous_commit` is left at the server's `on`: a commit that was answered is on disk.
 * Instants are read as Date, bigints as decimal text.
 */
export function openPool(options: PoolOptions): Pool {
  const { schema = 'public', statementTimeoutMs = 10_000 } = options;
  if (!/^[a-z_][a-z0-9_]*$/.test(schema)) throw new Error(`schema name ${JSON.stringify(schema)} is not a plain name`);
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 2_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: options.applicationName ?? 'outrigger',
    options: `-c search_path=${schema} -c statement_timeout=${statementTimeoutMs} -c idle_in_transaction_session_timeout=30000`,
  });
  pool.on('error', (error) => options.onError?.(error));
  return pool;
}

/** Runs `work` in one transaction on one connection; anything thrown rolls back. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // The pool listens to idle connections alone: one that breaks between two statements would end the process. The next
  // statement fails, and says so.
  client.on('error', nothing);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.off('error', nothing);
    client.release();
    return result;
  } catch (error) {
    // A connection whose rollback fails is broken: it is not handed out again.
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    if (!broken) client.off('error', nothing);
    throw error;
  }
}

function nothing(): void {}

/** `node packages/store/src/migrate-main.ts`: migrates the ledger that DATABASE_URL names. */
import { migrate } from './migrate.ts';
import { openPool } from './pool.ts';

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) {
  console.error('DATABASE_URL is not set: give the ledger as postgres://user:password@host:port/database');
  process.exit(78);
}
const schema = process.env.DATABASE_SCHEMA || 'public';
const pool = openPool({ databaseUrl, schema, maxConnections: 1, statementTimeoutMs: 0 });
try {
  const applied = await migrate(pool, schema);
  console.log(applied.length === 0 ? 'schema is up to date' : `applied ${applied.join(', ')}`);
} finally {
  await pool.end();
}

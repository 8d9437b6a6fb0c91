import { readdir, readFile } from 'node:fs/promises';
import { ensurePartitions } from './partitions.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/**
 * Brings the ledger's schema to the newest migration and makes the daily partitions. Several processes may call it at
 * once. Migrations only ever expand (a version before and after must run beside each other). Returns what was applied.
 */
export async function migrate(pool: Pool, schema = 'public'): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  const applied = await inTransaction(pool, async (client) => {
    await client.query(`SET LOCAL statement_timeout = 0`);
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('outrigger migrate ${schema}'))`);
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
    const done = new Set(rows.map((row) => row.name));
    const pending = files.filter((name) => !done.has(name));
    for (const name of pending) {
      await client.query(await readFile(new URL(name, FOLDER), 'utf8'));
      await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
    }
    return pending;
  });
  await ensurePartitions(pool, Date.now());
  return applied;
}

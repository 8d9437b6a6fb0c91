import { uuidv7Floor } from '@outrigger/core';
import type { Pool } from './pool.ts';

const PARTITIONED = [
  ...['bundles', 'bundle_contents', 'sent_events', 'message_events', 'message_feedback', 'message_metadata'],
] as const;
const DAY_MS = 86_400_000;

/**
 * Makes the daily partitions from yesterday to `daysAhead` days from now (UTC days). Safe to run again and by several
 * processes at once. A default partition catches rows outside them, so a late dispatcher never refuses a write.
 */
export async function ensurePartitions(pool: Pool, nowMs: number, daysAhead = 7): Promise<void> {
  const today = Math.floor(nowMs / DAY_MS);
  const statements: string[] = [];
  for (const table of PARTITIONED) {
    statements.push(`CREATE TABLE IF NOT EXISTS ${table}_rest PARTITION OF ${table} DEFAULT`);
    for (let day = today - 1; day <= today + daysAhead; day++) {
      const name = `${table}_${dateOf(day).replaceAll('-', '')}`;
      const [from, to] = [uuidv7Floor(day * DAY_MS), uuidv7Floor((day + 1) * DAY_MS)];
      statements.push(
        `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
      );
    }
  }
  statements.push('CREATE TABLE IF NOT EXISTS request_keys_rest PARTITION OF request_keys DEFAULT');
  for (let day = today - 1; day <= today + daysAhead; day++) {
    const [from, to] = [dateOf(day), dateOf(day + 1)];
    const name = `request_keys_${from.replaceAll('-', '')}`;
    statements.push(
      `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF request_keys FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
  }
  // One lock for everyone: two processes that create the same partition at once would fail each other.
  await pool.query(
    `BEGIN; SELECT pg_advisory_xact_lock(hashtext('outrigger partitions')); ${statements.join('; ')}; COMMIT`,
  );
}

/** The UTC day with this number since 1970, as a date. */
function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Drops the idempotency keys of days before yesterday: a key is kept for at least 24 hours (spec 6.5). A day is a table, so nothing
 * is scanned and nothing is left to clean up. Returns the names of what was dropped.
 */
export async function dropOldRequestKeys(pool: Pool, nowMs: number): Promise<string[]> {
  const oldest = `request_keys_${dateOf(Math.floor(nowMs / DAY_MS) - 1).replaceAll('-', '')}`;
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass('request_keys') AND c.relname ~ '_[0-9]{8}$' AND c.relname < $1 ORDER BY 1`,
    [oldest],
  );
  for (const { name } of rows) await pool.query(`DROP TABLE IF EXISTS ${name}`);
  return rows.map((row) => row.name);
}

import { uuidv7Floor } from '@outrigger/core';
import type { Pool } from './pool.ts';

const PARTITIONED = ['executions', 'execution_contents', 'messages', 'message_events'] as const;
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
      const name = `${table}_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;
      const [from, to] = [uuidv7Floor(day * DAY_MS), uuidv7Floor((day + 1) * DAY_MS)];
      statements.push(
        `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
      );
    }
  }
  // One lock for everyone: two processes that create the same partition at once would fail each other.
  await pool.query(
    `BEGIN; SELECT pg_advisory_xact_lock(hashtext('outrigger partitions')); ${statements.join('; ')}; COMMIT`,
  );
}

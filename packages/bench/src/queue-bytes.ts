import { redisCommand } from '@outrigger/chaos/redis-command';
import type { Stores } from '@outrigger/chaos/stores';
import type { Pool } from '@outrigger/store';

/** What the queues take up: Redis's memory, or the tables of the queue schema. */
export async function queueBytes(stores: Stores, pool: Pool): Promise<number> {
  if (stores.queueUrl) return Number(/used_memory:(\d+)/.exec(await redisCommand(stores.queueUrl, 'INFO memory'))![1]);
  const { rows } = await pool.query<{ bytes: string }>(
    `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::text AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'outrigger_queue'`,
  );
  return Number(rows[0]!.bytes);
}

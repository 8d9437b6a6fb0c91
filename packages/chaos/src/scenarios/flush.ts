import { setTimeout as delay } from 'node:timers/promises';
import { inSeconds, type Scenario, startSteadyLoad } from './scenario.ts';

const ACCOUNT_RATE = 300;
const BACKLOG = 2_000;
/** The product's own durations: what anybody gets who changes nothing. */
const TIMING = { SWEEP_AFTER_MS: 30_000, JANITOR_EVERY_MS: 1_000, PROVIDER_TIMEOUT_MS: 10_000 };
const LONGEST_MS = 120_000;

/** FLUSHALL while thousands of messages wait in the queues, `size` times. */
export const flush: Scenario = {
  sizeOf: 'times that Redis is emptied',
  size: 5,
  shortSize: 2,
  redisOnly: true,
  system: { calm: true, ratePerSecond: ACCOUNT_RATE, timing: TIMING },
  async run(system, { seed, size, say }) {
    const { pool, stores } = system;
    const load = startSteadyLoad(system, { seed, perSecond: 1_000_000, mostOutstanding: BACKLOG });
    const waited: number[] = [];
    const rebuilt: number[] = [];
    const ended: number[] = [];
    for (let round = 0; round < size; round++) {
      while (load.outstanding() < BACKLOG * 0.8) await delay(100);
      const { rows } = await pool.query<{ id: string; messages: number }>(
        'SELECT batch_id AS id, cardinality(message_ids) AS messages FROM batches WHERE token IS NULL',
      );
      const ids = rows.map((row) => row.id);
      const messages = rows.reduce((sum, row) => sum + row.messages, 0);
      const at = performance.now();
      await stores.flushRedis();
      // The janitor notes when it put a batch into the queue again; what a worker claimed since was in hand already.
      const again = await until(async () => {
        const { rows: left } = await pool.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM batches WHERE batch_id = ANY ($1::bigint[]) AND token IS NULL
             AND enqueued_at < now() - $2 * interval '1 millisecond'`,
          [ids, performance.now() - at],
        );
        return left[0]!.n === 0;
      });
      const done = await until(async () => {
        const { rows: left } = await pool.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM batches WHERE batch_id = ANY ($1::bigint[])',
          [ids],
        );
        return left[0]!.n === 0;
      });
      say(
        `flush ${round + 1}: ${messages} messages waited; in the queue again after ${inSeconds(again)}, ended after ${inSeconds(done)}`,
      );
      waited.push(messages);
      rebuilt.push(again);
      ended.push(done);

      async function until(reached: () => Promise<boolean>): Promise<number> {
        while (!(await reached()) && performance.now() - at < LONGEST_MS) await delay(50);
        return performance.now() - at;
      }
    }
    const { broken, unknown } = await load.settle();
    if (unknown > 0) broken.push(`${unknown} messages became unknown`);
    for (const ms of ended) if (ms >= LONGEST_MS) broken.push('what waited had not ended after two minutes');
    return {
      broken,
      rows: [
        ['FLUSHALL', `${size} times`],
        ['messages accepted in all', load.acceptedMessages],
        ['messages waiting at each flush', waited.join(', ')],
        ['all of them in the queue again after', rebuilt.map(inSeconds).join(', ')],
        [`all of them ended after (${ACCOUNT_RATE} a second and account)`, ended.map(inSeconds).join(', ')],
        ['lost, doubled, unknown', broken.length === 0 ? '0' : broken.length],
      ],
    };
  },
};

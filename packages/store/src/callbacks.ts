import { uuidv7 } from '@outrigger/core';
import type { PoolClient } from 'pg';
import type { Pool } from './pool.ts';

/** One notification of a provider, as it came in. */
export type NewCallback = {
  provider: string;
  account: string;
  /** The sender's id of the notification, the same at every repetition. */
  sourceId: string;
  body: string;
};

export type StoredCallback = NewCallback & { callbackId: string; receivedAt: Date; tries: number };

/** What became of a callback. `retryAfterMs`: it is looked at again, because what it speaks of may not be recorded yet. */
export type ReadCallback = {
  callbackId: string;
  result: 'applied' | 'ignored' | 'orphan' | 'quarantined';
  problem?: string;
  retryAfterMs?: number;
};

/**
 * Stores callbacks in one durable statement; only after it may their sender be told that they arrived. One that is there
 * already is left alone. Returns how many were new.
 */
export async function storeCallbacks(pool: Pool, callbacks: NewCallback[]): Promise<number> {
  // Sorted, so that two processes that store the same ones cannot wait for each other.
  const sorted = callbacks.toSorted((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
  const { rowCount } = await pool.query({
    name: 'store-callbacks',
    text: `INSERT INTO callbacks (callback_id, provider, account, source_id, body)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING`,
    values: [
      sorted.map(() => uuidv7()),
      sorted.map((one) => one.provider),
      sorted.map((one) => one.account),
      sorted.map((one) => storableText(one.sourceId)),
      sorted.map((one) => storableText(one.body)),
    ],
  });
  return rowCount ?? 0;
}

/** Postgres text holds no NUL and no half surrogate pairs: one of them must not keep the others of its group from the table. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Takes due callbacks, oldest first and always in one order, for the length of the caller's transaction: another process takes others. */
export async function takeCallbacks(client: PoolClient, limit: number): Promise<StoredCallback[]> {
  const { rows } = await client.query<{
    callback_id: string;
    provider: string;
    account: string;
    source_id: string;
    received_at: Date;
    body: string | null;
    tries: number;
  }>(
    `SELECT callback_id, provider, account, source_id, received_at, body, tries FROM callbacks
     WHERE due_at <= now() ORDER BY due_at, callback_id LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit],
  );
  return rows.map((row) => ({
    callbackId: row.callback_id,
    provider: row.provider,
    account: row.account,
    sourceId: row.source_id,
    receivedAt: row.received_at,
    body: row.body ?? '',
    tries: row.tries,
  }));
}

/** Writes down what became of callbacks, in the transaction that took them. Only what could not be used keeps its body. */
export async function finishCallbacks(client: PoolClient, read: ReadCallback[]): Promise<void> {
  await client.query(
    `UPDATE callbacks c SET result = r.result, problem = r.problem, tries = c.tries + 1,
       due_at = now() + r.retry_after_ms * interval '1 millisecond',
       body = CASE WHEN r.result IN ('orphan', 'quarantined') THEN c.body END
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::float8[]) AS r(callback_id, result, problem, retry_after_ms)
     WHERE c.callback_id = r.callback_id`,
    [
      read.map((one) => one.callbackId),
      read.map((one) => one.result),
      read.map((one) => one.problem?.slice(0, 500) ?? null),
      read.map((one) => one.retryAfterMs ?? null),
    ],
  );
}

/** Forgets callbacks that nobody reads any more and that are too old to be sent again. Returns how many were there. */
export async function forgetCallbacks(pool: Pool, keptMs: number, limit = 10_000): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM callbacks WHERE callback_id IN (
       SELECT callback_id FROM callbacks WHERE received_at < now() - $1 * interval '1 millisecond' AND due_at IS NULL
       ORDER BY received_at LIMIT $2)`,
    [keptMs, limit],
  );
  return rowCount ?? 0;
}

/** A place that callbacks come from, and the channels whose messages they speak of. */
export type CallbackSource = { provider: string; account: string; channels: readonly string[] };

/** Says which sources there are; those that are configured no more hold up nobody. */
export async function declareSources(pool: Pool, sources: CallbackSource[]): Promise<void> {
  await pool.query(
    `WITH declared AS (
       SELECT s.provider, s.account, string_to_array(s.channels, ' ') AS channels
       FROM unnest($1::text[], $2::text[], $3::text[]) AS s(provider, account, channels)
     ), gone AS (
       DELETE FROM callback_sources c WHERE NOT EXISTS (
         SELECT FROM declared d WHERE d.provider = c.provider AND d.account = c.account)
     )
     INSERT INTO callback_sources (provider, account, channels) SELECT * FROM declared
     ON CONFLICT (provider, account) DO UPDATE SET channels = excluded.channels`,
    [
      sources.map((one) => one.provider),
      sources.map((one) => one.account),
      sources.map((one) => one.channels.join(' ')),
    ],
  );
}

/** Everything that was sent to the source until `agoMs` ago has been received. */
export async function markCaughtUp(
  pool: Pool,
  source: Pick<CallbackSource, 'provider' | 'account'>,
  agoMs: number,
): Promise<void> {
  await pool.query(
    `UPDATE callback_sources SET caught_up_at = greatest(caught_up_at, now() - $3 * interval '1 millisecond')
     WHERE provider = $1 AND account = $2`,
    [source.provider, source.account, agoMs],
  );
}

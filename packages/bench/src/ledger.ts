import type { Pool } from '@outrigger/store';
import type { BookToVerify } from './target.ts';

/** Bundles a page, of up to a hundred messages each. */
const PAGE = 500;
const FIRST = '00000000-0000-0000-0000-000000000000';
const EXAMPLES = 5;

type LedgerRow = { executionId: string; place: number; messageId: string; states: string; providerId: string | null };

/**
 * Holds the ledger against the load's 202s and the provider's ids: every accepted call has its execution with one message a
 * recipient, each of them `sent` once and never anything else, under the id that the provider gave to exactly this message. Executions in
 * `others` did not come from the load and are left out.
 */
export async function verifyLedger(
  pool: Pool,
  { executions, recipientsPerCall }: BookToVerify,
  others: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const problems: string[] = [];
  let count = 0;
  const broken = (what: string) => {
    if (++count <= EXAMPLES) problems.push(`ledger: ${what}`);
  };
  let messages = 0;
  for (let after = FIRST; ; ) {
    const page = await pool.query<{ last: string | null; size: number }>(
      `SELECT max(bundle_id::text) AS last, count(*)::int AS size FROM (
         SELECT DISTINCT bundle_id FROM bundles WHERE bundle_id > $1 ORDER BY 1 LIMIT ${PAGE}) p`,
      [after],
    );
    const { last, size } = page.rows[0]!;
    if (last === null) break;
    const { rows } = await pool.query<LedgerRow>(
      `WITH history AS (
         SELECT message_id, string_agg(concat_ws(' ', state, code, detail), ', ' ORDER BY sequence) AS states,
                max(provider_message_id) AS "providerId"
         FROM message_history WHERE bundle_id > $1 AND bundle_id <= $2 GROUP BY message_id)
       SELECT m.execution_id AS "executionId", m.recipient_index AS place, m.message_id AS "messageId",
              coalesce(h.states, '') AS states, h."providerId"
       FROM messages m LEFT JOIN history h USING (message_id) WHERE m.bundle_id > $1 AND m.bundle_id <= $2`,
      [after, last],
    );
    for (const { executionId, place, messageId, states, providerId } of rows) {
      const call = executions.get(executionId);
      if (call === undefined && others.has(executionId)) continue;
      if (call === undefined) broken(`message ${messageId} of execution ${executionId} was never answered with 202`);
      else if (states !== 'sent') broken(`message ${messageId} went through: ${states || 'nothing'}`);
      else if (providerId !== `bench-${call * recipientsPerCall + place}-1`) {
        broken(`message ${messageId} is recipient ${place} of call ${call} and was sent as ${providerId}`);
      } else messages++;
    }
    if (size < PAGE) break;
    after = last;
  }
  const expected = executions.size * recipientsPerCall;
  if (messages !== expected) broken(`${messages} messages are right, ${expected} were accepted`);
  if (count > problems.length) problems.push(`ledger: ${count} problems in all`);
  return problems;
}

/** Bytes of all our tables with their indexes and long values. */
export async function readLedgerBytes(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::text AS bytes FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
  );
  return Number(rows[0]!.bytes);
}

/** How much write-ahead log has been written since the cluster was made. */
export async function readWalBytes(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text AS bytes`,
  );
  return Number(rows[0]!.bytes);
}

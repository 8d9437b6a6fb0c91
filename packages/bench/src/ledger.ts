import type { Pool } from '@outrigger/store';
import type { BookToVerify } from './target.ts';

const PAGE = 20_000;
const FIRST = '00000000-0000-0000-0000-000000000000';
const EXAMPLES = 5;

type LedgerRow = { executionId: string; place: number; messageId: string; states: string; providerId: string | null };

/**
 * Holds the ledger against the load's 202s and the provider's ids: every accepted call has its execution with one message a
 * recipient, each of them `sent` once and never anything else, under the id that the provider gave to exactly this message.
 */
export async function verifyLedger(pool: Pool, { executions, recipientsPerCall }: BookToVerify): Promise<string[]> {
  const problems: string[] = [];
  let count = 0;
  const broken = (what: string) => {
    if (++count <= EXAMPLES) problems.push(`ledger: ${what}`);
  };
  let messages = 0;
  for (let after = FIRST; ; ) {
    const { rows } = await pool.query<LedgerRow>(
      `SELECT m.execution_id AS "executionId", m.recipient_index AS place, m.message_id AS "messageId",
              coalesce(e.states, '') AS states, e."providerId"
       FROM (SELECT * FROM messages WHERE message_id > $1 ORDER BY message_id LIMIT ${PAGE}) m
       LEFT JOIN LATERAL (SELECT string_agg(state, ',' ORDER BY sequence) AS states, max(provider_message_id) AS "providerId"
                          FROM message_events WHERE message_id = m.message_id) e ON true
       ORDER BY m.message_id`,
      [after],
    );
    for (const { executionId, place, messageId, states, providerId } of rows) {
      const call = executions.get(executionId);
      if (call === undefined) broken(`message ${messageId} of execution ${executionId} was never answered with 202`);
      else if (states !== 'sent') broken(`message ${messageId} went through: ${states || 'nothing'}`);
      else if (providerId !== `bench-${call * recipientsPerCall + place}-1`) {
        broken(`message ${messageId} is recipient ${place} of call ${call} and was sent as ${providerId}`);
      } else messages++;
    }
    if (rows.length < PAGE) break;
    after = rows.at(-1)!.messageId;
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

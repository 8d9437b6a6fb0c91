import type { Pool } from '@outrigger/store';

export type LedgerStep = { state: string; code: string | null; possibleDuplicate: boolean; detail: string | null };
export type LedgerMessage = {
  messageId: string;
  executionId: string;
  place: number;
  lane: string;
  steps: LedgerStep[];
};
export type LedgerExecution = {
  executionId: string;
  orgId: string;
  endpoint: string;
  requestId: string;
  messageIds: string[];
};
/** All that the ledger knows at the end of a run. */
export type Ledger = {
  executions: LedgerExecution[];
  messages: LedgerMessage[];
  /** Messages in batches and in doubt: at the end there are none. */
  outstanding: number;
};

/** Bundles a page: of up to a hundred messages each. */
const PAGE = 500;
const FIRST = '00000000-0000-0000-0000-000000000000';

export async function readLedger(pool: Pool): Promise<Ledger> {
  const executions: LedgerExecution[] = [];
  const messages: LedgerMessage[] = [];
  for (let after = FIRST; ; ) {
    const { rows: page } = await pool.query<{ last: string | null; size: number }>(
      `SELECT max(bundle_id::text) AS last, count(*)::int AS size FROM (
         SELECT DISTINCT bundle_id FROM bundles WHERE bundle_id > $1 ORDER BY 1 LIMIT ${PAGE}) p`,
      [after],
    );
    const { last, size } = page[0]!;
    if (last === null) break;
    const found = await pool.query(
      `SELECT e.execution_id AS "executionId", t.org_id AS "orgId", e.endpoint, e.request_id AS "requestId",
              e.message_ids AS "messageIds"
       FROM executions e JOIN tenants t USING (tenant_id) WHERE e.bundle_id > $1 AND e.bundle_id <= $2`,
      [after, last],
    );
    executions.push(...(found.rows as LedgerExecution[]));
    const { rows } = await pool.query(
      `WITH steps AS (
         SELECT e.message_id, json_agg(json_build_object('state', e.state, 'code', e.code,
           'possibleDuplicate', e.possible_duplicate, 'detail', e.detail) ORDER BY e.sequence) AS steps
         FROM message_history e WHERE e.bundle_id > $1 AND e.bundle_id <= $2 GROUP BY e.message_id)
       SELECT m.message_id AS "messageId", m.execution_id AS "executionId", m.recipient_index AS place, m.lane,
              coalesce(s.steps, '[]') AS steps
       FROM messages m LEFT JOIN steps s USING (message_id) WHERE m.bundle_id > $1 AND m.bundle_id <= $2`,
      [after, last],
    );
    messages.push(...(rows as LedgerMessage[]));
    if (size < PAGE) break;
    after = last;
  }
  return { executions, messages, outstanding: (await countOutstanding(pool)).outstanding };
}

/** How many messages have not ended, and how many of them wait for a decision because nobody knows their outcome. */
export async function countOutstanding(pool: Pool): Promise<{ outstanding: number; unknown: number }> {
  const { rows } = await pool.query<{ waiting: number; unknown: number }>(
    `SELECT (SELECT coalesce(sum(cardinality(message_ids)), 0) FROM batches)::int AS waiting,
            (SELECT count(*) FROM unsettled_messages)::int AS unknown`,
  );
  const { waiting, unknown } = rows[0]!;
  return { outstanding: waiting + unknown, unknown };
}

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

const PAGE = 20_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

export async function readLedger(pool: Pool): Promise<Ledger> {
  const executions: LedgerExecution[] = [];
  for (let after = FIRST; ; after = executions.at(-1)!.executionId) {
    const { rows } = await pool.query(
      `SELECT e.execution_id AS "executionId", t.org_id AS "orgId", e.endpoint, e.request_id AS "requestId",
              e.message_ids AS "messageIds"
       FROM executions e JOIN tenants t USING (tenant_id) WHERE e.execution_id > $1 ORDER BY 1 LIMIT ${PAGE}`,
      [after],
    );
    executions.push(...(rows as LedgerExecution[]));
    if (rows.length < PAGE) break;
  }
  const messages: LedgerMessage[] = [];
  for (let after = FIRST; ; after = messages.at(-1)!.messageId) {
    const { rows } = await pool.query(
      `SELECT m.message_id AS "messageId", m.execution_id AS "executionId", m.recipient_index AS place, m.lane,
              (SELECT coalesce(json_agg(json_build_object('state', e.state, 'code', e.code,
                 'possibleDuplicate', e.possible_duplicate, 'detail', e.detail) ORDER BY e.sequence), '[]')
               FROM message_events e WHERE e.message_id = m.message_id) AS steps
       FROM messages m WHERE m.message_id > $1 ORDER BY 1 LIMIT ${PAGE}`,
      [after],
    );
    messages.push(...(rows as LedgerMessage[]));
    if (rows.length < PAGE) break;
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

import type { JsonObject } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { isTaken } from './sql-errors.ts';

/** One call of the audience endpoint: now, or later (`executeAt`). */
export type AudienceExecution = {
  executionId: string;
  tenantId: number;
  campaignId: string;
  /** The version that is sent; decided when the execution starts. */
  versionId: string | null;
  audienceId: string;
  requestId: string;
  createdBy: string;
  createdAt: Date;
  scheduleId: string | null;
  executeAt: Date | null;
  status: 'scheduled' | 'running' | 'succeeded' | 'failed' | 'canceled';
  /** Why it failed: a code of core's tables. */
  failureCode: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Members that became messages. */
  targeted: number;
  /** Members without an identity in the campaign's namespace. */
  withoutIdentity: number;
  /** Members for whom the time of a campaign's rate was up. */
  leftOver: number;
};

const COLUMNS = `execution_id AS "executionId", tenant_id AS "tenantId", campaign_id AS "campaignId", version_id AS "versionId",
  audience_id AS "audienceId", request_id AS "requestId", created_by AS "createdBy", created_at AS "createdAt",
  schedule_id AS "scheduleId", execute_at AS "executeAt", status, failure_code AS "failureCode", started_at AS "startedAt",
  finished_at AS "finishedAt", targeted::int, without_identity::int AS "withoutIdentity", left_over::int AS "leftOver"`;

export type NewAudienceExecution = Pick<
  AudienceExecution,
  'executionId' | 'tenantId' | 'campaignId' | 'audienceId' | 'requestId' | 'createdBy' | 'scheduleId' | 'executeAt'
> & {
  versionId: string;
  /** Null when the caller gave no requestId: each such call is a new one. */
  requestKey: string | null;
  fingerprint: string;
  /** JSON text. */
  context: string | null;
};

/**
 * Accepts a call, or finds the earlier one with its request key. `exporting`: the campaign's earlier execution is still being
 * turned into messages; a second one beside it is refused (spec 9). Of calls that come at once a unique index lets one through.
 */
export async function insertAudienceExecution(
  pool: Pool,
  item: NewAudienceExecution,
): Promise<
  | { kind: 'accepted' | 'replayed'; execution: AudienceExecution }
  | { kind: 'conflict' | 'exporting'; executionId: string }
> {
  const { rows } = await pool.query<AudienceExecution>(
    `INSERT INTO audience_executions (execution_id, tenant_id, campaign_id, version_id, audience_id, request_id, request_key,
       fingerprint, context, created_by, schedule_id, execute_at, status, started_at)
     SELECT $1::uuid, $2::int, $3::uuid, CASE WHEN $12::timestamptz IS NULL THEN $4::uuid END, $5::uuid, $6::text, $7::uuid,
       $8::uuid, $9::text, $10::text, $11::uuid, $12,
       CASE WHEN $12 IS NULL THEN 'running' ELSE 'scheduled' END, CASE WHEN $12 IS NULL THEN now() END
     WHERE $12 IS NOT NULL OR NOT EXISTS (SELECT FROM audience_executions WHERE campaign_id = $3 AND status = 'running')
     ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    [
      item.executionId,
      item.tenantId,
      item.campaignId,
      item.versionId,
      item.audienceId,
      item.requestId,
      item.requestKey,
      item.fingerprint,
      item.context,
      item.createdBy,
      item.scheduleId,
      item.executeAt,
    ],
  );
  if (rows[0]) return { kind: 'accepted', execution: rows[0] };
  // A second statement: the first one's snapshot does not see a key that was committed meanwhile.
  const known = item.requestKey === null ? undefined : await findByRequestKey(pool, item.requestKey, item.fingerprint);
  if (known) return known;
  const running = await pool.query<{ execution_id: string }>(
    "SELECT execution_id FROM audience_executions WHERE campaign_id = $1 AND status = 'running' LIMIT 1",
    [item.campaignId],
  );
  // It may have ended between the statements; then the caller's next try is taken.
  return { kind: 'exporting', executionId: running.rows[0]?.execution_id ?? item.executionId };
}

/** The earlier call with a request key: the same one, or one with other content. */
export async function findByRequestKey(
  pool: Pool,
  requestKey: string,
  fingerprint: string,
): Promise<{ kind: 'replayed'; execution: AudienceExecution } | { kind: 'conflict'; executionId: string } | undefined> {
  const { rows } = await pool.query<AudienceExecution & { same: boolean }>(
    `SELECT ${COLUMNS}, fingerprint = $2 AS same FROM audience_executions WHERE request_key = $1`,
    [requestKey, fingerprint],
  );
  if (!rows[0]) return undefined;
  const { same, ...execution } = rows[0];
  return same ? { kind: 'replayed', execution } : { kind: 'conflict', executionId: execution.executionId };
}

export async function readAudienceExecution(
  pool: Pool,
  tenantId: number,
  by: { executionId: string } | { scheduleId: string },
): Promise<AudienceExecution | undefined> {
  const [column, id] = 'executionId' in by ? ['execution_id', by.executionId] : ['schedule_id', by.scheduleId];
  const { rows } = await pool.query<AudienceExecution>(
    `SELECT ${COLUMNS} FROM audience_executions WHERE tenant_id = $1 AND ${column} = $2`,
    [tenantId, id],
  );
  return rows[0];
}

/**
 * Cancels a schedule. The status is the compare-and-set that firing uses too: exactly one of the two happens, and a
 * cancellation that was answered is final.
 */
export async function cancelSchedule(
  pool: Pool,
  tenantId: number,
  scheduleId: string,
): Promise<'canceled' | 'triggered' | 'unknown'> {
  const { rowCount } = await pool.query(
    `UPDATE audience_executions SET status = 'canceled', finished_at = now()
     WHERE tenant_id = $1 AND schedule_id = $2 AND status = 'scheduled'`,
    [tenantId, scheduleId],
  );
  if (rowCount === 1) return 'canceled';
  const found = await readAudienceExecution(pool, tenantId, { scheduleId });
  return found && found.status !== 'canceled' ? 'triggered' : 'unknown';
}

/**
 * Starts the schedules that are due, by the clock of the ledger (reliability P19), and cancels those of campaigns that were
 * stopped. What cannot start any more fails with the code that a call would get. A campaign's second execution waits until
 * the first has been turned into messages.
 */
export async function fireSchedules(pool: Pool): Promise<{ started: number; failed: number; canceled: number }> {
  const canceled = await pool.query(
    `UPDATE audience_executions x SET status = 'canceled', finished_at = now()
     FROM campaigns k WHERE x.status = 'scheduled' AND k.campaign_id = x.campaign_id
       AND k.status NOT IN ('LIVE', 'SCHEDULED', 'COMPLETED')`,
  );
  const { rows } = await startDue(pool);
  const failed = rows.filter((row) => row.status === 'failed').length;
  return { started: rows.length - failed, failed, canceled: canceled.rowCount ?? 0 };
}

async function startDue(pool: Pool): Promise<{ rows: { status: string }[] }> {
  try {
    return await pool.query<{ status: string }>(START_DUE);
  } catch (error) {
    // A call started an execution of one of the campaigns in this moment: all of it is done again at the next look.
    if (isTaken(error)) return { rows: [] };
    throw error;
  }
}

const START_DUE = `WITH due AS MATERIALIZED (
       SELECT x.execution_id, row_number() OVER (PARTITION BY x.campaign_id ORDER BY x.execute_at, x.execution_id) AS place
       FROM (SELECT * FROM audience_executions WHERE status = 'scheduled' AND execute_at <= now()
             ORDER BY execute_at LIMIT 100 FOR UPDATE SKIP LOCKED) x
       WHERE NOT EXISTS (SELECT FROM audience_executions r WHERE r.campaign_id = x.campaign_id AND r.status = 'running')
     )
     UPDATE audience_executions x
     SET status = CASE WHEN s.code IS NULL THEN 'running' ELSE 'failed' END, failure_code = s.code,
         version_id = s.version_id, started_at = now(), finished_at = CASE WHEN s.code IS NOT NULL THEN now() END
     FROM due d JOIN audience_executions y ON y.execution_id = d.execution_id JOIN campaigns k ON k.campaign_id = y.campaign_id
     LEFT JOIN campaign_versions v ON v.version_id = k.live_version_id
     CROSS JOIN LATERAL (SELECT v.version_id, CASE
         WHEN k.status = 'COMPLETED' OR (v.definition->>'end_at')::timestamptz <= now()
           OR (v.definition->>'start_at')::timestamptz > now() THEN 'MSG-000012'
         WHEN v.version_id IS NULL THEN 'MSG-000011' END AS code) s
     WHERE x.execution_id = d.execution_id AND d.place = 1 RETURNING x.status`;

/** The context that the members of an audience execution share; empty when the call had none. */
export async function readSharedContext(pool: Pool, audienceExecutionId: string): Promise<JsonObject> {
  const { rows } = await pool.query<{ context: string | null }>(
    'SELECT context FROM audience_executions WHERE execution_id = $1',
    [audienceExecutionId],
  );
  const context = rows[0]?.context;
  return context ? (JSON.parse(context) as JsonObject) : {};
}

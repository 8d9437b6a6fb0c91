import { uuidv7 } from '@outrigger/core';
import type pg from 'pg';
import { addProfiles } from './audiences.ts';
import { inTransaction, type Pool } from './pool.ts';
import { type ProfileInput, type UpsertMode, upsertProfiles } from './profile-upsert.ts';
import { comparableIdentity, comparableNamespace } from './profiles.ts';

/** A bulk load: of profiles (into an audience as well, when it names one), or of the members of a list. */
export type ImportJob = {
  importId: string;
  tenantId: number;
  kind: 'profiles' | 'members';
  audienceId: string | null;
  format: 'csv' | 'ndjson';
  mode: UpsertMode;
  columns: Record<string, string | null>;
  fileName: string;
  status: 'ACCEPTED' | 'PROCESSING' | 'COMPLETE' | 'ERROR';
  failureCode: string | null;
  failureDetail: string | null;
  createdBy: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Rows that are written or refused; what is sent again goes on behind them. */
  rowsDone: number;
  createdCount: number;
  updatedCount: number;
  mergedCount: number;
  failedCount: number;
};

export type FailedRow = { line: number; code: string; reason: string };

/** Bad rows that are kept with their reasons; all of them are counted. */
export const MAX_FAILURES = 1_000;

const COLUMNS = `import_id AS "importId", tenant_id AS "tenantId", kind, audience_id AS "audienceId", format, mode, columns,
  file_name AS "fileName", status, failure_code AS "failureCode", failure_detail AS "failureDetail", created_by AS "createdBy",
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt", rows_done::int AS "rowsDone",
  created_count::int AS "createdCount", updated_count::int AS "updatedCount", merged_count::int AS "mergedCount",
  failed_count::int AS "failedCount"`;

type NewImport = Pick<
  ImportJob,
  'tenantId' | 'kind' | 'audienceId' | 'format' | 'mode' | 'columns' | 'fileName' | 'createdBy'
>;

export async function insertImport(pool: Pool, job: NewImport): Promise<ImportJob> {
  const { rows } = await pool.query<ImportJob>(
    `INSERT INTO import_jobs (import_id, tenant_id, kind, audience_id, format, mode, columns, file_name, status, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'ACCEPTED', $9) RETURNING ${COLUMNS}`,
    [uuidv7(), job.tenantId, job.kind, job.audienceId, job.format, job.mode, job.columns, job.fileName, job.createdBy],
  );
  return rows[0]!;
}

export async function readImport(pool: Pool, tenantId: number, importId: string): Promise<ImportJob | undefined> {
  const { rows } = await pool.query<ImportJob>(
    `SELECT ${COLUMNS} FROM import_jobs WHERE tenant_id = $1 AND import_id = $2`,
    [tenantId, importId],
  );
  return rows[0];
}

/** A page of a tenant's imports in the order of their creation. */
export async function listImports(
  pool: Pool,
  tenantId: number,
  page: { limit: number; after?: string },
): Promise<ImportJob[]> {
  const { rows } = await pool.query<ImportJob>(
    `SELECT ${COLUMNS} FROM import_jobs WHERE tenant_id = $1 AND ($2::uuid IS NULL OR import_id > $2) ORDER BY import_id LIMIT $3`,
    [tenantId, page.after ?? null, page.limit],
  );
  return rows;
}

export async function listFailures(pool: Pool, importId: string): Promise<FailedRow[]> {
  const { rows } = await pool.query<FailedRow>(
    'SELECT line::int, code, reason FROM import_failures WHERE import_id = $1 ORDER BY line',
    [importId],
  );
  return rows;
}

/** Makes `reader` the one that reads the file of a job; undefined when it is complete. Any earlier reader's next write fails. */
export async function beginReading(pool: Pool, importId: string, reader: string): Promise<ImportJob | undefined> {
  const { rows } = await pool.query<ImportJob>(
    `UPDATE import_jobs SET reader = $2, status = 'PROCESSING', started_at = coalesce(started_at, now()), finished_at = NULL,
       failure_code = NULL, failure_detail = NULL
     WHERE import_id = $1 AND status <> 'COMPLETE' RETURNING ${COLUMNS}`,
    [importId, reader],
  );
  return rows[0];
}

export async function endReading(
  pool: Pool,
  importId: string,
  reader: string,
  failure?: { code: string; detail: string },
): Promise<void> {
  await pool.query(
    `UPDATE import_jobs SET status = $3, failure_code = $4, failure_detail = $5, finished_at = now()
     WHERE import_id = $1 AND reader = $2`,
    [importId, reader, failure ? 'ERROR' : 'COMPLETE', failure?.code ?? null, failure?.detail ?? null],
  );
}

/** Another upload of the same job took over. */
export class ReaderReplaced extends Error {}

type Rows = { done: number; inputs: { line: number; input: ProfileInput }[]; failures: FailedRow[] };

/** Writes the next rows of a job, and how far it is, in one transaction: rows that are sent again after a crash go in once. */
export async function writeRows(pool: Pool, job: ImportJob, reader: string, rows: Rows): Promise<void> {
  if (job.kind === 'members') {
    await inTransaction(pool, async (client) => {
      const { added, unknown } = await addKnown(client, job, rows.inputs);
      const failures = [...rows.failures, ...unknown];
      await moveOn(client, job, reader, { ...rows, failures, created: added, updated: 0, merged: 0 });
    });
    return;
  }
  await upsertProfiles(
    pool,
    job.tenantId,
    rows.inputs.map(({ input }) => input),
    job.mode,
    async (client, upserted) => {
      if (job.audienceId !== null) {
        await addProfiles(
          client,
          job.audienceId,
          upserted.map(({ profileId }) => profileId),
        );
      }
      const created = upserted.filter((one) => one.created).length;
      const merged = upserted.reduce((sum, one) => sum + one.merged.length, 0);
      await moveOn(client, job, reader, { ...rows, created, updated: upserted.length - created, merged });
    },
  );
}

async function moveOn(
  client: pg.PoolClient,
  job: ImportJob,
  reader: string,
  rows: { done: number; failures: FailedRow[]; created: number; updated: number; merged: number },
): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE import_jobs SET rows_done = rows_done + $3, created_count = created_count + $4, updated_count = updated_count + $5,
       merged_count = merged_count + $6, failed_count = failed_count + $7
     WHERE import_id = $1 AND reader = $2`,
    [job.importId, reader, rows.done, rows.created, rows.updated, rows.merged, rows.failures.length],
  );
  if (rowCount !== 1) throw new ReaderReplaced('another upload of this import took over');
  if (rows.failures.length === 0) return;
  await client.query(
    `INSERT INTO import_failures (import_id, line, code, reason)
     SELECT $1, line, code, reason FROM unnest($2::bigint[], $3::text[], $4::text[]) AS f(line, code, reason)
     ORDER BY line LIMIT greatest(0, ${MAX_FAILURES} - (SELECT count(*) FROM import_failures WHERE import_id = $1))
     ON CONFLICT DO NOTHING`,
    [
      job.importId,
      rows.failures.map((failure) => failure.line),
      rows.failures.map((failure) => failure.code),
      rows.failures.map((failure) => failure.reason.slice(0, 500).toWellFormed()),
    ],
  );
}

async function addKnown(
  client: pg.PoolClient,
  job: ImportJob,
  inputs: { line: number; input: ProfileInput }[],
): Promise<{ added: number; unknown: FailedRow[] }> {
  const asked = inputs.flatMap(({ line, input }) => input.identities.map((identity) => ({ line, identity })));
  const { rows } = await client.query<{ place: number; profile_id: string }>(
    `SELECT w.place::int, i.profile_id FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w(namespace, identity_value, place)
     JOIN profile_identities i ON i.tenant_id = $1 AND i.namespace = w.namespace AND i.identity_value = w.identity_value`,
    [
      job.tenantId,
      asked.map(({ identity }) => comparableNamespace(identity)),
      asked.map(({ identity }) => comparableIdentity(identity)),
    ],
  );
  await addProfiles(
    client,
    job.audienceId!,
    rows.map((row) => row.profile_id),
  );
  const known = new Set(rows.map((row) => asked[row.place - 1]!.line));
  const unknown = inputs.flatMap(({ line }) =>
    known.has(line) ? [] : [{ line, code: 'PRF-000001', reason: 'No profile has one of these identities.' }],
  );
  return { added: known.size, unknown };
}

import { uuidv7 } from '@outrigger/core';
import type { PoolClient } from 'pg';
import { keysetSql, type OrderColumn, type PageStart } from './keyset.ts';
import { inTransaction, type Pool } from './pool.ts';
import type { SuppressionEntityType } from './suppression-list.ts';

export type FailedRecord = { type: string; value: string; comments: string; failureReason: string };

export type SuppressionUpload = {
  uploadId: string;
  user: string;
  fileName: string;
  status: 'ACCEPTED' | 'PENDING' | 'COMPLETE' | 'CANCELED' | 'ERROR';
  responseCode: number;
  responseText: string | null;
  recordCount: number;
  handledCount: number;
  failedCount: number;
  createdAt: Date;
  endedAt: Date | null;
};

const COLUMNS = `upload_id AS "uploadId", created_by AS "user", file_name AS "fileName", status, response_code AS "responseCode",
  response_text AS "responseText", record_count AS "recordCount", handled_count AS "handledCount",
  failed_count AS "failedCount", created_at AS "createdAt", ended_at AS "endedAt"`;

const seconds = (column: string): OrderColumn => ({
  column: `coalesce(extract(epoch FROM ${column}), 0)::bigint`,
  type: 'bigint',
});
const text = (column: string): OrderColumn => ({ column, type: 'text' });
const count = (column: string): OrderColumn => ({ column: `${column}::bigint`, type: 'bigint' });
/** What upload jobs can be ordered by (reference suppression.yaml). */
export const UPLOAD_ORDER_COLUMNS: Record<string, OrderColumn> = {
  jobid: text('upload_id::text'),
  id: text('upload_id::text'),
  user: text('created_by'),
  filename: text('file_name'),
  createtime: seconds('created_at'),
  endtime: seconds('ended_at'),
  status: text('status'),
  responsecode: count('response_code'),
  recordcount: count('record_count'),
  handledcount: count('handled_count'),
  failedcount: count('failed_count'),
};

/** Takes a file in; it is imported by whoever claims it. */
export async function insertSuppressionUpload(
  pool: Pool,
  upload: { tenantId: number; by: string; fileName: string; content: Buffer },
): Promise<string> {
  const uploadId = uuidv7();
  await pool.query(
    `INSERT INTO suppression_uploads (upload_id, tenant_id, created_by, file_name, content, status)
     VALUES ($1, $2, $3, $4, $5, 'ACCEPTED')`,
    [uploadId, upload.tenantId, upload.by, upload.fileName, upload.content],
  );
  return uploadId;
}

export async function listSuppressionUploads(
  pool: Pool,
  tenantId: number,
  request: {
    order: { name: string; descending: boolean };
    start?: PageStart | undefined;
    createdFrom?: number | undefined;
    createdTo?: number | undefined;
    limit: number;
  },
): Promise<SuppressionUpload[]> {
  const values: unknown[] = [tenantId, request.limit, request.createdFrom ?? null, request.createdTo ?? null];
  const column = UPLOAD_ORDER_COLUMNS[request.order.name]!;
  const keyset = keysetSql(
    { ...column, idColumn: 'upload_id', descending: request.order.descending },
    request.start,
    values,
  );
  const { rows } = await pool.query<SuppressionUpload>(
    `SELECT ${COLUMNS} FROM suppression_uploads WHERE tenant_id = $1 AND ${keyset.where}
     AND ($3::double precision IS NULL OR created_at >= to_timestamp($3))
     AND ($4::double precision IS NULL OR created_at <= to_timestamp($4)) ORDER BY ${keyset.orderBy} LIMIT $2`,
    values,
  );
  return rows;
}

export async function readSuppressionUpload(
  pool: Pool,
  tenantId: number,
  uploadId: string,
): Promise<(SuppressionUpload & { failedRecords: FailedRecord[] }) | undefined> {
  const { rows } = await pool.query<SuppressionUpload & { failedRecords: FailedRecord[] }>(
    `SELECT ${COLUMNS}, failed_records AS "failedRecords" FROM suppression_uploads WHERE tenant_id = $1 AND upload_id = $2`,
    [tenantId, uploadId],
  );
  return rows[0];
}

/** Takes a job out of the list, not what it imported. One that was not begun is never begun. */
export async function deleteSuppressionUpload(pool: Pool, tenantId: number, uploadId: string): Promise<boolean> {
  const { rowCount } = await pool.query('DELETE FROM suppression_uploads WHERE tenant_id = $1 AND upload_id = $2', [
    tenantId,
    uploadId,
  ]);
  return rowCount === 1;
}

/** How a file was read: its entries with the rows that are none, or why it is no such file. */
export type ReadUpload =
  | { entries: UploadedEntry[]; recordCount: number; failed: FailedRecord[] }
  | { unusable: string };
export type UploadedEntry = { entityType: SuppressionEntityType; entityValue: string; comment: string };

/** How many failed rows a job keeps; its count has them all. */
const MAX_FAILED_RECORDS = 1_000;

/**
 * Imports the oldest waiting file, whole or not at all: entries and report are one transaction, so that a process that dies
 * over it leaves the job as it was for the next one. Returns whether there was one.
 */
export async function importSuppressionUpload(pool: Pool, read: (content: Buffer) => ReadUpload): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ upload_id: string; tenant_id: number; created_by: string; content: Buffer }>(
      `SELECT upload_id, tenant_id, created_by, content FROM suppression_uploads
       WHERE content IS NOT NULL ORDER BY created_at, upload_id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    const job = rows[0];
    if (!job) return false;
    const found = read(job.content);
    if ('unusable' in found) {
      await client.query(
        `UPDATE suppression_uploads SET status = 'ERROR', response_code = 400, response_text = $2, content = NULL, ended_at = now()
         WHERE upload_id = $1`,
        [job.upload_id, found.unusable],
      );
      return true;
    }
    await writeEntries(client, job.tenant_id, job.created_by, found.entries);
    await client.query(
      `UPDATE suppression_uploads SET status = 'COMPLETE', record_count = $2, handled_count = $3, failed_count = $4,
         failed_records = $5, content = NULL, ended_at = now() WHERE upload_id = $1`,
      [
        job.upload_id,
        found.recordCount,
        found.recordCount - found.failed.length,
        found.failed.length,
        JSON.stringify(found.failed.slice(0, MAX_FAILED_RECORDS)),
      ],
    );
    return true;
  });
}

/** As if each were added by hand: what was said last is kept, and a complaint that a configuration could lift is one no more. */
async function writeEntries(client: PoolClient, tenantId: number, by: string, entries: UploadedEntry[]): Promise<void> {
  // The last row of an address counts: one statement cannot write a row twice.
  const unique = [...new Map(entries.map((entry) => [`${entry.entityType} ${entry.entityValue}`, entry])).values()];
  await client.query(
    `INSERT INTO suppressions AS s (suppression_id, tenant_id, list_type, entity_type, entity_value, suppressed_type, suppressed_by, comment)
     SELECT n.id, $1, 'client', n.entity_type, n.entity_value, 'MANUAL', $2, n.comment
     FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) AS n(id, entity_type, entity_value, comment)
     ORDER BY n.entity_type, n.entity_value
     ON CONFLICT (tenant_id, list_type, entity_type, entity_value) DO UPDATE SET comment = excluded.comment,
       suppressed_by = excluded.suppressed_by, suppressed_type = 'MANUAL', modified_at = now()
     WHERE s.comment IS DISTINCT FROM excluded.comment OR s.suppressed_type <> 'MANUAL'`,
    [
      tenantId,
      by,
      unique.map(() => uuidv7()),
      unique.map((entry) => entry.entityType),
      unique.map((entry) => entry.entityValue),
      unique.map((entry) => entry.comment),
    ],
  );
}

import { randomUUID } from 'node:crypto';
import type { ApiErrorCode } from '@outrigger/core';
import { beginReading, endReading, type ImportJob, type Pool, ReaderReplaced, writeRows } from '@outrigger/store';
import { BadFile } from './bad-file.ts';
import { type InputRow, readRows } from './read-rows.ts';

/** Rows of one transaction. */
const GROUP = 1_000;

/**
 * Reads the file of an import and writes its rows as they arrive; the source is not read on while the ledger is busy, so the
 * memory does not grow with the file. Rows that an earlier upload of the same job wrote are passed over. A source that breaks off
 * leaves the job as it is: sent again, it goes on. Returns why the file was refused, or undefined.
 */
export async function runImport(
  pool: Pool,
  job: ImportJob,
  source: AsyncIterable<Uint8Array>,
): Promise<{ code: ApiErrorCode; title: string } | undefined> {
  const reader = randomUUID();
  const begun = await beginReading(pool, job.importId, reader);
  if (!begun) return { code: 'CSV-000007', title: 'The import is complete; make another one.' };
  try {
    await writeAll(pool, begun, reader, source);
  } catch (error) {
    if (error instanceof ReaderReplaced)
      return { code: 'CSV-000009', title: 'Another upload of this import took over.' };
    if (!(error instanceof BadFile)) throw error;
    await endReading(pool, job.importId, reader, { code: error.code, detail: error.message });
    return { code: error.code, title: error.message };
  }
  await endReading(pool, job.importId, reader);
  return undefined;
}

async function writeAll(pool: Pool, job: ImportJob, reader: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  let toPass = job.rowsDone;
  let group: InputRow[] = [];
  // One group is written while the next is read.
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    const rows = group;
    group = [];
    writing = writeGroup(pool, job, reader, rows);
    // It is awaited with the next group; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
  };
  try {
    for await (const rows of readRows(source, job.format, job.columns)) {
      for (const row of rows) {
        if (toPass > 0) toPass--;
        else if (group.push(row) === GROUP) await flush();
      }
    }
  } finally {
    // What was read before the file turned bad or broke off is written.
    if (group.length > 0) await flush();
    await writing;
  }
}

function writeGroup(pool: Pool, job: ImportJob, reader: string, rows: InputRow[]): Promise<void> {
  const inputs = rows.flatMap((row) => ('input' in row ? [row] : []));
  const failures = rows.flatMap((row) => ('input' in row ? [] : [row]));
  return writeRows(pool, job, reader, { done: rows.length, inputs, failures });
}

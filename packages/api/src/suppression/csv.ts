import { parseEmailAddress, toAsciiDomain } from '@outrigger/core';
import type { FailedRecord, ReadUpload, UploadedEntry } from '@outrigger/store';

const HEADER = 'TYPE,VALUE,COMMENT';
const NOT_CSV = 'The file is malformed, only CSV files are allowed.';
const MAX_COMMENT = 500;
/** A failed record is shown to a person: what was given, cut. */
const MAX_SHOWN = 320;

/**
 * Reads a CSV file of entries to suppress (spec 11.5): the header `TYPE,VALUE,COMMENT` unchanged, then a row a line. A comment
 * is printable ASCII, so no row goes on in the next line and a bad one never takes its neighbours with it.
 */
export function readSuppressionCsv(content: Buffer): ReadUpload {
  const text = decode(content);
  if (text === undefined) return { unusable: NOT_CSV };
  const [header, ...lines] = text.split(/\r\n|\n|\r/);
  if (header?.trim() !== HEADER) return { unusable: `${NOT_CSV} The first line must be ${HEADER}.` };
  const entries: UploadedEntry[] = [];
  const failed: FailedRecord[] = [];
  for (const line of lines) {
    if (line.trim() === '') continue;
    const row = readRow(line);
    if ('failureReason' in row) failed.push(row);
    else entries.push(row);
  }
  return { entries, failed, recordCount: entries.length + failed.length };
}

/** UTF-8, or UTF-16 that says so by its byte order mark. Anything with a NUL is no text. */
function decode(content: Buffer): string | undefined {
  const mark = content.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function readRow(line: string): UploadedEntry | FailedRecord {
  const cells = splitCells(line);
  const [type = '', value = '', comments = ''] = cells ?? [line];
  const failure = (failureReason: string): FailedRecord => ({
    type: type.slice(0, 40),
    value: value.slice(0, MAX_SHOWN),
    comments: comments.slice(0, MAX_SHOWN),
    failureReason,
  });
  if (!cells) return failure('A quote is not closed or stands inside a value');
  if (cells.length > 3) return failure(`The row has ${cells.length} values instead of 3`);
  if (!/^[\x20-\x7e]*$/.test(comments)) return failure('The comment is not printable ASCII');
  if (comments.length > MAX_COMMENT) return failure(`The comment is over ${MAX_COMMENT} characters`);
  const shown = value.slice(0, MAX_SHOWN);
  switch (type.toUpperCase()) {
    case 'EMAIL': {
      const parsed = parseEmailAddress(value);
      if ('problem' in parsed) return failure(`Invalid format for the entry: ${shown}`);
      return { entityType: 'email', entityValue: parsed.address.toLowerCase(), comment: comments };
    }
    case 'DOMAIN': {
      const domain = toAsciiDomain(value);
      if (domain === undefined) return failure(`Invalid format for the entry: ${shown}`);
      return { entityType: 'domain', entityValue: domain, comment: comments };
    }
    default:
      return failure('The type must be EMAIL or DOMAIN');
  }
}

const CELL = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;

/** The values of one line (RFC 4180), without the spaces around them; undefined when its quotes are wrong. */
function splitCells(line: string): string[] | undefined {
  const cells: string[] = [];
  CELL.lastIndex = 0;
  for (;;) {
    const match = CELL.exec(line);
    if (!match) return undefined;
    const [, quoted, plain = '', end] = match;
    cells.push((quoted === undefined ? plain : quoted.replaceAll('""', '"')).trim());
    if (end === '') return cells;
  }
}

/** A value as a cell of an export. What a spreadsheet would take for a formula gets an apostrophe (reliability H08). */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

import { profileInput } from '@outrigger/contracts';
import type { JsonValue } from '@outrigger/core';
import type { ProfileInput } from '@outrigger/store';
import { BadFile } from './bad-file.ts';
import { createColumns } from './columns.ts';
import { createCsvReader } from './csv-reader.ts';
import { decodeText } from './decode-text.ts';
import { createNdjsonReader } from './ndjson-reader.ts';

/** A row of a file: what it says of a person, or what is wrong with it. */
export type InputRow =
  | { line: number; input: ProfileInput }
  | { line: number; code: 'CSV-000005' | 'CSV-000008'; reason: string };

/** Reads the rows of a CSV or NDJSON file as they arrive, a group for each piece of it. Throws BadFile. */
export async function* readRows(
  source: AsyncIterable<Uint8Array>,
  format: 'csv' | 'ndjson',
  mapping: Record<string, string | null>,
): AsyncGenerator<InputRow[]> {
  const toRows = format === 'csv' ? csvRows(mapping) : ndjsonRows();
  for await (const text of decodeText(source)) yield toRows.push(text);
  yield toRows.end();
}

function csvRows(mapping: Record<string, string | null>) {
  const reader = createCsvReader();
  let bodyOf: ReturnType<typeof createColumns> | undefined;

  function convert(rows: ReturnType<typeof reader.push>): InputRow[] {
    return rows.flatMap((row): InputRow[] => {
      if (!bodyOf) {
        if ('problem' in row) throw new BadFile('CSV-000001', `The heading line ${row.problem}.`);
        bodyOf = createColumns(row.cells, mapping);
        return [];
      }
      if ('problem' in row) return [{ line: row.line, code: 'CSV-000005', reason: `The row ${row.problem}.` }];
      const made = bodyOf(row.cells);
      return 'problem' in made
        ? [
            {
              line: row.line,
              code: made.problem.startsWith('has ') ? 'CSV-000005' : 'CSV-000008',
              reason: made.problem,
            },
          ]
        : [checked(row.line, made.body)];
    });
  }
  return {
    push: (text: string) => convert(reader.push(text)),
    end() {
      const rows = convert(reader.end());
      if (!bodyOf) throw new BadFile('CSV-000001', 'The file is empty; its first line must name the columns.');
      return rows;
    },
  };
}

function ndjsonRows() {
  const reader = createNdjsonReader();
  const convert = (rows: ReturnType<typeof reader.push>): InputRow[] =>
    rows.map((row) =>
      'problem' in row
        ? { line: row.line, code: 'CSV-000005', reason: `The line ${row.problem}` }
        : checked(row.line, row.value),
    );
  return { push: (text: string) => convert(reader.push(text)), end: () => convert(reader.end()) };
}

/** A row is held to what the API holds a profile to. */
function checked(line: number, body: JsonValue): InputRow {
  const parsed = profileInput.safeParse(body);
  if (parsed.success) return { line, input: parsed.data as ProfileInput };
  const issue = parsed.error.issues[0]!;
  const [root, index] = issue.path;
  const namespace =
    root === 'identities' && typeof index === 'number'
      ? (body as { identities?: { namespace?: unknown }[] }).identities?.[index]?.namespace
      : undefined;
  const where = typeof namespace === 'string' ? namespace : issue.path.join('.') || 'the row';
  const message = root === 'identities' && issue.path.length === 1 ? 'no cell says who this is' : issue.message;
  return { line, code: 'CSV-000008', reason: `${where}: ${message}` };
}

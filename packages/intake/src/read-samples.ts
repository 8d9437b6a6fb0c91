import { MAX_PREVIEW_ITEMS, type PreviewItem, readJson } from '@outrigger/contracts';
import type { JsonObject, JsonValue } from '@outrigger/core';
import { BadFile } from './bad-file.ts';
import { CELL_TYPES, namesOf, put } from './columns.ts';
import { createCsvReader } from './csv-reader.ts';
import { decodeText } from './decode-text.ts';

/** A sample as the file has it: what variables are set to, by their paths. */
type Row = { line: number; values: [path: string, value: JsonValue][] };

const DATE = /^\d{4}-\d{2}-\d{2}([T ].*)?$/;

/**
 * Reads a file of samples for previews (spec 15.2): each is a person who is not stored. A path is that of a variable
 * (`profile.person.firstName`, `context.number`), or `userId` or `namespace`; a value is a text, a number, true, false or a date.
 * Nothing is taken of a file with a mistake in it. Throws BadFile.
 */
export async function readSamples(file: { fileName: string; content: Buffer }): Promise<PreviewItem[]> {
  let text = '';
  for await (const piece of decodeText(one(file.content))) text += piece;
  const rows = formatOf(file.fileName, text)(text.replace(/^\uFEFF/, ''));
  if (rows.length === 0) throw new BadFile('SIM-000007', 'The file has no samples.');
  if (rows.length > MAX_PREVIEW_ITEMS) {
    throw new BadFile('SIM-000007', `The file has ${rows.length} samples; ${MAX_PREVIEW_ITEMS} are the limit.`);
  }
  return rows.map(sampleOf);
}

async function* one(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}

function formatOf(fileName: string, text: string): (text: string) => Row[] {
  const ending = /\.([a-z]+)$/i.exec(fileName)?.[1]?.toLowerCase();
  if (ending === 'csv') return csvRows;
  if (ending === 'json') return jsonRows;
  if (ending === 'jsonl' || ending === 'ndjson') return jsonLines;
  return text.trimStart().startsWith('[') ? jsonRows : text.trimStart().startsWith('{') ? jsonLines : csvRows;
}

/** Headings are paths; `context.number:number`, `:boolean` and `:date` say what cells are, which are texts otherwise. */
function csvRows(text: string): Row[] {
  const reader = createCsvReader();
  const [headings, ...rows] = [...reader.push(text), ...reader.end()];
  if (!headings || 'problem' in headings) throw new BadFile('CSV-000001', 'The first line must name the variables.');
  const columns = headings.cells.map((heading) => heading.trim().split(':') as [string, string?]);
  return rows.map((row) => {
    if ('problem' in row) throw new BadFile('CSV-000005', `Line ${row.line} ${row.problem}.`);
    if (row.cells.length !== columns.length) {
      throw new BadFile('CSV-000005', `Line ${row.line} has ${row.cells.length} cells instead of ${columns.length}.`);
    }
    // An empty cell leaves its variable out, so that one can see what a default does.
    const values = row.cells.flatMap((cell, place): Row['values'] => {
      const [path, type = 'string'] = columns[place]!;
      return cell === '' ? [] : [[path, cellValue(cell, type, `Line ${row.line}, ${path}`)]];
    });
    return { line: row.line, values };
  });
}

function cellValue(cell: string, type: string, where: string): JsonValue {
  if (type === 'date') return dateValue(cell, where);
  if (!Object.hasOwn(CELL_TYPES, type)) throw new BadFile('CSV-000004', `${where}: ${type} is no type of a value.`);
  const value = CELL_TYPES[type]!(cell);
  if (value === undefined) throw new BadFile('CSV-000008', `${where}: is no ${type}.`);
  return value;
}

function dateValue(cell: string, where: string): string {
  if (DATE.test(cell) && !Number.isNaN(Date.parse(cell))) return cell;
  throw new BadFile('CSV-000008', `${where}: is no date, such as 2031-05-04 or 2031-05-04T03:00:00Z.`);
}

function jsonRows(text: string): Row[] {
  const value = parsed(text, 'The file');
  if (!Array.isArray(value)) throw new BadFile('CSV-000005', 'The file is no array of samples.');
  return value.map((element, place) => jsonRow(element, place + 1));
}

function jsonLines(text: string): Row[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, place) => (line.trim() === '' ? [] : [jsonRow(parsed(line, `Line ${place + 1}`), place + 1)]));
}

function parsed(text: string, what: string): JsonValue {
  const json = readJson(Buffer.from(text));
  if ('refusal' in json) throw new BadFile('CSV-000005', `${what}: ${json.refusal.title}`);
  return json.value;
}

function jsonRow(element: JsonValue, line: number): Row {
  if (element === null || typeof element !== 'object' || Array.isArray(element)) {
    throw new BadFile('CSV-000005', `Sample ${line} is no object.`);
  }
  const values = Object.entries(element);
  for (const [path, value] of values) {
    if (value === null || typeof value === 'object') {
      throw new BadFile('CSV-000008', `Sample ${line}, ${path}: is no text, number, true, false or date.`);
    }
  }
  return { line, values };
}

function sampleOf({ line, values }: Row, place: number): PreviewItem {
  const said: JsonObject = { profile: {}, context: {} };
  const person = { userId: `sample-${place + 1}`, namespace: 'sample' };
  for (const [path, value] of values) {
    if (path === 'userId' || path === 'namespace') {
      person[path] = String(value);
      continue;
    }
    const names = namesOf(path);
    if (!names || names.length < 2 || !Object.hasOwn(said, names[0]!)) {
      throw new BadFile('CSV-000004', `${path.slice(0, 60)} is no variable: profile.<name> or context.<name>.`);
    }
    const problem = put(said, names, value);
    if (problem) throw new BadFile('CSV-000008', `Sample ${line}, ${path}: ${problem}.`);
  }
  const { profile, context } = said as { profile: JsonObject; context: JsonObject };
  return { ...person, profileAttributes: profile, contextAttributes: context };
}

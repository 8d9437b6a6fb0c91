import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command, Typed } from '../command.ts';
import { textOf } from '../command.ts';
import { EXIT, usage } from '../exit-codes.ts';
import { table } from '../table.ts';

type Import = {
  importId: string;
  status: string;
  rowsDone: number;
  createdCount: number;
  updatedCount: number;
  mergedCount: number;
  failedCount: number;
  rowsPerSecond: number | null;
  failedRows: { line: number; code: string; reason: string }[];
};

const SHOWN_FAILURES = 20;
const LOOK_EVERY_MS = 1_000;

/** Loads a file of profiles, or of the members of a list. */
const IMPORT: Command = {
  words: ['profiles', 'import'],
  operands: '<file>',
  summary: 'Load profiles from a CSV or NDJSON file',
  help:
    'The file is streamed, however large it is. Bad rows are listed and cost no other row; the exit code is 1 when there are any.\n' +
    'A load that broke off goes on with --resume. docs/importing.md says what the columns are called.',
  options: {
    format: { type: 'string', help: 'csv or ndjson; by the name of the file unless given' },
    mode: { type: 'string', help: 'merge (default) or replace' },
    audience: { type: 'string', help: 'The id of a list to which the people are added' },
    members: { type: 'boolean', help: 'Only add people who are there to the list; makes no profiles' },
    resume: { type: 'string', help: 'The id of an import that broke off' },
  },
  async run(typed) {
    const [path, ...more] = typed.operands;
    if (path === undefined || more.length > 0) return usage('Name one file.');
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) return usage(`${path} is no file that can be read.`);
    const announced = await announce(typed, path);
    if ('problem' in announced) return announced;
    const { importId } = announced;

    const content = createReadStream(path, { highWaterMark: 256 * 1_024 });
    const ticker = setInterval(() => void tell(typed, importId, content.bytesRead, file.size), LOOK_EVERY_MS);
    const sent = await typed.client.upload<Import>(`/imports/${importId}/content`, content);
    clearInterval(ticker);
    typed.progress('');
    if ('problem' in sent) {
      return { problem: { ...sent.problem, text: `${sent.problem.text}\n  importId: ${importId}` } };
    }
    const { body } = sent;
    return { body, text: summaryOf(body), exitCode: body.failedCount > 0 ? EXIT.refused : EXIT.done };
  },
};

async function announce(typed: Typed, path: string) {
  const resume = textOf(typed, 'resume');
  if (resume !== undefined) return { importId: resume };
  const audienceId = textOf(typed, 'audience');
  const announced = await typed.client.control<Import>('POST', '/imports', {
    kind: typed.options.members === true ? 'members' : 'profiles',
    format: textOf(typed, 'format') ?? (/\.(ndjson|jsonl)$/i.test(path) ? 'ndjson' : 'csv'),
    mode: textOf(typed, 'mode') ?? 'merge',
    fileName: basename(path),
    ...(audienceId !== undefined && { audienceId }),
  });
  return 'problem' in announced ? announced : { importId: announced.body.importId };
}

async function tell(typed: Typed, importId: string, sent: number, size: number): Promise<void> {
  const asked = await typed.client.control<Import>('GET', `/imports/${encodeURIComponent(importId)}`);
  if ('problem' in asked) return;
  const { rowsDone, failedCount, rowsPerSecond } = asked.body;
  const percent = size === 0 ? 100 : Math.floor((100 * sent) / size);
  typed.progress(`${percent} %  ${rowsDone} rows, ${failedCount} bad, ${rowsPerSecond ?? 0} rows/s`);
}

function summaryOf(body: Import): string {
  const counts = `${body.rowsDone} rows: ${body.createdCount} created, ${body.updatedCount} updated, ${body.failedCount} bad`;
  const merged = body.mergedCount > 0 ? `, ${body.mergedCount} merged into others` : '';
  const lines = [`Import ${body.importId}: ${counts}${merged} (${body.rowsPerSecond ?? 0} rows/s).`];
  if (body.failedRows.length > 0) {
    const rows = body.failedRows.slice(0, SHOWN_FAILURES).map(({ line, code, reason }) => [line, code, reason]);
    lines.push(table(['line', 'code', 'reason'], rows, ''));
  }
  return lines.join('\n');
}

export const PROFILE_COMMANDS: Command[] = [IMPORT];

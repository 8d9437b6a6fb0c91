import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CsvRow, createCsvReader } from './csv-reader.ts';

function read(pieces: string[]): CsvRow[] {
  const reader = createCsvReader();
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

const cell = fc.string({ unit: fc.constantFrom('a', 'ä', ',', '"', '\n', ' ', '\u{1F600}', '='), maxLength: 6 });
const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
const quote = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

test('what was written is read, wherever the pieces are cut and whatever ends a line (property)', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.nat(), (table, end, last, seed) => {
      const text = table.map((row) => row.map(quote).join(',')).join(end) + (last ? end : '');
      const cut = text.length === 0 ? 0 : seed % (text.length + 1);
      for (const pieces of [[text], [text.slice(0, cut), text.slice(cut)], [...text]]) {
        assert.deepEqual(
          read(pieces).map((row) => ('cells' in row ? row.cells : row.problem)),
          table,
        );
      }
    }),
  );
});

test('a bad row costs itself alone, and is named by its line', () => {
  const text = 'a,b\n1,"x"y\n2,3\n"two\nlines",4\n5,qu"ote\n6,7\n';
  assert.deepEqual(read([text]), [
    { line: 1, cells: ['a', 'b'] },
    { line: 2, problem: 'has text after a closing quote' },
    { line: 3, cells: ['2', '3'] },
    { line: 4, cells: ['two\nlines', '4'] },
    { line: 6, problem: 'has a quote inside a cell that does not begin with one' },
    { line: 7, cells: ['6', '7'] },
  ]);
});

test('a quote that is never closed ends at the limit, not with the memory', () => {
  const reader = createCsvReader();
  const found = [...reader.push('a,"never closed\n')];
  for (let piece = 0; piece < 2_000; piece++) found.push(...reader.push(`${'x'.repeat(5_000)}\n`));
  found.push(...reader.end());
  assert.match('problem' in found[0]! ? found[0].problem : '', /quote that is not closed/);
  assert.ok(found.length > 1_900, 'reading goes on behind it');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { csvCell, readSuppressionCsv } from './csv.ts';

const read = (text: string) => readSuppressionCsv(Buffer.from(text));

describe('a CSV file of entries to suppress (F090)', () => {
  test('gives its good rows as they are compared, and lists its bad ones with reasons', () => {
    const found = read(
      'TYPE,VALUE,COMMENT\r\nEMAIL,Gone@Shop.example,"moved, ""away"""\ndomain, Bücher.example ,\n' +
        'EMAIL,examplegmail@com,typing error\nPHONE,+4670,no\nEMAIL,"a@shop.example\nEMAIL,b@shop.example,x,y\nEMAIL,c@shop.example,né\n\n',
    );
    assert.ok('entries' in found);
    assert.deepEqual(found.entries, [
      { entityType: 'email', entityValue: 'gone@shop.example', comment: 'moved, "away"' },
      { entityType: 'domain', entityValue: 'xn--bcher-kva.example', comment: '' },
    ]);
    assert.equal(found.recordCount, 7);
    assert.deepEqual(
      found.failed.map(({ value, failureReason }) => [value, failureReason]),
      [
        ['examplegmail@com', 'Invalid format for the entry: examplegmail@com'],
        ['+4670', 'The type must be EMAIL or DOMAIN'],
        ['', 'A quote is not closed or stands inside a value'],
        ['b@shop.example', 'The row has 4 values instead of 3'],
        ['c@shop.example', 'The comment is not printable ASCII'],
      ],
    );
  });

  test('may be UTF-16 that says so, and is no CSV when its bytes or its header are others', () => {
    const utf16 = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('TYPE,VALUE,COMMENT\nDOMAIN,x.example,', 'utf16le'),
    ]);
    const found = readSuppressionCsv(utf16);
    assert.ok('entries' in found && found.entries.length === 1);
    assert.ok('entries' in read('\ufeffTYPE,VALUE,COMMENT\n'));
    for (const content of [
      Buffer.from('PK\x03\x04'),
      Buffer.from([0x1f, 0x8b, 8, 0]),
      Buffer.from('<html>'),
      Buffer.from('TYPE,VALUE\nEMAIL,a@shop.example'),
      Buffer.from([...Buffer.from('TYPE,VALUE,COMMENT\nEMAIL,'), 0xe9]),
      Buffer.from('TYPE,VALUE,COMMENT\nEMAIL,a\0@shop.example,'),
      Buffer.alloc(0),
    ]) {
      assert.ok('unusable' in readSuppressionCsv(content), content.toString('latin1'));
    }
  });

  test('never throws and accounts for every row, whatever is in it', () => {
    const line = fc.stringMatching(/^[ -~é"]{0,60}$/).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const found = read(['TYPE,VALUE,COMMENT', ...lines].join('\n'));
        assert.ok('entries' in found);
        assert.equal(found.entries.length + found.failed.length, lines.length);
      }),
    );
  });

  test('a megabyte of quotes is read in no time', () => {
    const started = process.cpuUsage();
    read(`TYPE,VALUE,COMMENT\n${'"'.repeat(1_000_000)}\n${','.repeat(40_000)}`);
    assert.ok(process.cpuUsage(started).user < 2_000_000);
  });
});

test('an exported cell is never a formula and can be read back', () => {
  assert.equal(csvCell('=HYPERLINK("x")'), `"'=HYPERLINK(""x"")"`);
  assert.equal(csvCell('-1'), "'-1");
  assert.equal(csvCell('plain'), 'plain');
});

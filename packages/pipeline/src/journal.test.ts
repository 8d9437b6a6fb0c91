import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SendResult } from '@outrigger/core';
import fc from 'fast-check';
import { openJournal, parseJournal } from './journal.ts';

const accepted: SendResult = { kind: 'accepted', providerMessageId: 'p 1' };

function journalIn(folder: string) {
  return openJournal(folder, (error) => {
    throw error;
  });
}

function textOf(folder: string): string {
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

test('it tells the begun from the answered and the abandoned from both', () => {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  const journal = journalIn(folder);
  assert.equal(journal.begin(['a', 'b', 'c'], 't'), true);
  journal.results([{ messageId: 'b', result: accepted }], 't');
  journal.abandon(['c'], 't');
  const entries = parseJournal(textOf(folder));
  assert.deepEqual(
    [...entries],
    [
      ['a t', { begun: true }],
      ['b t', { result: accepted }],
    ],
  );
  journal.close();
});

test('cut at any byte, it never says less than what certainly happened and never throws', () => {
  const text = `B a t\nB b t\nR a t ${JSON.stringify(accepted)}\n`;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length }), (cut) => {
      const entries = parseJournal(text.slice(0, cut));
      if (cut >= 6) assert.ok(entries.has('a t'));
      const a = entries.get('a t');
      if (a && 'result' in a) assert.deepEqual(a.result, accepted);
      if (cut === text.length) assert.ok(a && 'result' in a);
    }),
  );
});

test('an R line that cannot be read leaves the message begun', () => {
  assert.deepEqual([...parseJournal('B a t\nR a t {"kind":\n')], [['a t', { begun: true }]]);
});

test('full segments are removed once all their messages are settled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  const journal = journalIn(folder);
  const long = 'x'.repeat(1_000_000);
  for (let i = 0; i < 20; i++) journal.begin([`m${i}`], long);
  assert.equal(readdirSync(folder).length, 3);
  for (let i = 0; i < 20; i++) journal.settled(`m${i}`);
  assert.equal(readdirSync(folder).length, 1);
  journal.close();
});

test('a line that cannot be written says so instead of throwing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  const errors: unknown[] = [];
  const journal = openJournal(folder, (error) => errors.push(error));
  journal.close();
  assert.equal(journal.begin(['a'], 't'), false);
  journal.results([{ messageId: 'a', result: accepted }], 't');
  assert.equal(errors.length, 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keywordKind, SMS_KEYWORDS } from './sms-keywords.ts';

test('a keyword is exactly one word of a list, whatever its case and the blanks around it (F064, I22)', () => {
  for (const text of ['STOP', 'stop', ' Stop\n', '\u017ftop', 'ｓｔｏｐ', 'unsubscribe'])
    assert.equal(keywordKind(text), 'opt_out', text);
  for (const text of ['start', 'YES ', 'unstop']) assert.equal(keywordKind(text), 'opt_in', text);
  for (const text of ['help', 'INFO']) assert.equal(keywordKind(text), 'help', text);
  for (const text of ['Stop please', 'stop.', 'STOPP', '', ' ', 'no thanks', 'x'.repeat(1_600)])
    assert.equal(keywordKind(text), undefined, text);
});

test("words of one's own take the place of those of their kind alone (F064)", () => {
  const own = { opt_out: ['Arrêt', 'stop'] };
  assert.equal(keywordKind('ARRÊT', own), 'opt_out');
  assert.equal(keywordKind('quit', own), undefined);
  assert.equal(keywordKind('START', own), 'opt_in');
  // A word in two lists opts out.
  assert.equal(keywordKind('stop', { opt_in: ['stop'] }), 'opt_out');
});

test('no word stands in two of the lists', () => {
  const words = Object.values(SMS_KEYWORDS).flat();
  assert.equal(new Set(words).size, words.length);
});

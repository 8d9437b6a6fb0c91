import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInstant } from './instant.ts';

const now = Date.parse('2031-05-04T12:00:00Z');

test('an age counts back from now', () => {
  assert.equal(readInstant('90s', now), '2031-05-04T11:58:30.000Z');
  assert.equal(readInstant('2h', now), '2031-05-04T10:00:00.000Z');
  assert.equal(readInstant('7d', now), '2031-04-27T12:00:00.000Z');
});

test('an instant keeps its zone, and one without a zone is nobody knows when', () => {
  assert.equal(readInstant('2031-05-04T03:00+02:00', now), '2031-05-04T01:00:00.000Z');
  for (const text of ['2031-05-04', '2031-05-04T03:00', 'yesterday', '2', 'h', '-2h', '2031-13-04T03:00Z', '']) {
    assert.equal(readInstant(text, now), undefined, text);
  }
});

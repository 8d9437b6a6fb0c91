import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantText, inUtc } from './instant.ts';

test('an instant has an offset, and one is stored whatever offset it was written with (F010, F042)', () => {
  for (const text of ['2031-05-04T03:00:00Z', '2031-05-04T08:45:00+05:45', '2031-05-03T15:00:00-12:00']) {
    assert.equal(inUtc(instantText.parse(text)), '2031-05-04T03:00:00.000Z');
  }
  // Clocks in Stockholm show half past two twice that night: the offset says which.
  assert.equal(inUtc(instantText.parse('2031-10-26T02:30:00+02:00')), '2031-10-26T00:30:00.000Z');
  assert.equal(inUtc(instantText.parse('2031-10-26T02:30:00+01:00')), '2031-10-26T01:30:00.000Z');
  // PostgreSQL takes no such offset; nobody has to.
  assert.equal(inUtc(instantText.parse('2031-05-05T02:59:00+23:59')), '2031-05-04T03:00:00.000Z');
});

test('what is no instant, or outside what can be stored, is refused', () => {
  for (const text of [
    '2031-05-04T03:00:00',
    '2031-05-04',
    '2031-02-29T00:00:00Z',
    '2031-05-04T24:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    '+010000-01-01T00:00:00Z',
    'infinity',
  ]) {
    assert.equal(instantText.safeParse(text).success, false, text);
  }
});

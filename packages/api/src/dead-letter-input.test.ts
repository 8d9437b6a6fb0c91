import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { meantFilter, readCursor, writeCursor } from './dead-letter-input.ts';

test('a cursor that is handed back means the place it was made for', () => {
  const last = { createdAt: new Date('2031-05-04T03:00:00.123Z'), messageId: randomUUID() };
  assert.deepEqual(readCursor(writeCursor(last)), last);
});

test('whatever else is sent as a cursor is none', () => {
  fc.assert(fc.property(fc.string(), (text) => assert.equal(readCursor(text), undefined)));
});

test('everything is meant only when it was said', () => {
  assert.equal('refusal' in meantFilter({}, undefined), true);
  assert.deepEqual(meantFilter({}, true), { filter: {} });
  assert.deepEqual(meantFilter({ code: 'permanent.recipient', state: undefined }, undefined), {
    filter: { code: 'permanent.recipient' },
  });
  assert.equal('refusal' in meantFilter({ code: 'permanent.recipient' }, true), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request } from 'express';
import { readPage } from './page.ts';

const read = (query: Record<string, unknown>) => readPage({ query } as unknown as Request, 50);

test('without parameters it is the first page of the default size', () => {
  assert.deepEqual(read({}), { count: 50, page: 1 });
});

test('small whole numbers are taken', () => {
  assert.deepEqual(read({ count: '200', page: '100000' }), { count: 200, page: 100_000 });
});

test('anything else is refused, and the title names the parameter', () => {
  const bad = [
    '',
    '0',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    ' 1',
    '1 ',
    '٣',
    'NaN',
    '99999999',
    '1;drop table',
    ['1', '2'],
    { a: '1' },
  ];
  for (const value of bad) {
    for (const name of ['count', 'page']) {
      const result = read({ [name]: value });
      if (!('refusal' in result)) assert.fail(`accepted ${name}=${value}`);
      assert.equal(result.refusal.code, 'MSG-000009');
      assert.ok(result.refusal.title.startsWith(name));
    }
  }
  assert.ok('refusal' in read({ count: '201' }));
  assert.ok('refusal' in read({ page: '100001' }));
});

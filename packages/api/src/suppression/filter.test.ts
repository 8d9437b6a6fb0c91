import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePropertyFilters } from './filter.ts';

test('filters bound the creation date, and only email has these lists (F088)', () => {
  const read = (...texts: string[]) => parsePropertyFilters(texts);
  assert.deepEqual(read('creationdate<1631739725150'), { filter: { createdTo: 1631739725149 } });
  assert.deepEqual(read('creationdate>=10', 'creationdate<=20', 'creationdate>12'), {
    filter: { createdFrom: 13, createdTo: 20 },
  });
  assert.deepEqual(read('creationdate==7'), { filter: { createdFrom: 7, createdTo: 7 } });
  assert.deepEqual(read('channel==email'), { filter: {} });
  assert.deepEqual(read('channel=sms'), { filter: { nothing: true } });
  for (const text of ['creationdate', 'creationdate<x', 'user==me', 'creationdate!=5', "creationdate<1'; --"]) {
    assert.ok('refusal' in read(text), text);
  }
});

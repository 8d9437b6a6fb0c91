import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processTable } from './process-table.ts';
import { repositoryRoot } from './settings.ts';

test('every service of the repository is in the table, and nothing else', () => {
  const folders = readdirSync(join(repositoryRoot, 'services')).toSorted();
  assert.deepEqual(processTable.map(({ name }) => name).toSorted(), folders);
});

test('no two processes share a port or the variable that moves it', () => {
  assert.equal(new Set(processTable.map(({ defaultPort }) => defaultPort)).size, processTable.length);
  assert.equal(new Set(processTable.map(({ portVariable }) => portVariable)).size, processTable.length);
});

test('what takes new work stops before what works it off', () => {
  const order = (name: string) => processTable.find((process) => process.name === name)!.stopOrder;
  assert.ok(order('ingress') < order('dispatcher'));
  assert.ok(order('dispatcher') < order('email-worker'));
  assert.ok(order('email-worker') < order('control'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repositoryRoot } from './settings.ts';
import { findTestFiles, selectTests } from './test-files.ts';

const files = ['infra/local/ports.test.ts', 'packages/core/src/ids.test.ts', 'packages/store/test/a.test.ts'];

test('without a filter every file is chosen', () => {
  assert.deepEqual(selectTests(files, []).files, files);
});

test('a filter chooses the files whose path holds it, and options go to the runner', () => {
  const selection = selectTests(files, ['./packages/core', 'store/test', '--test-name-pattern=x']);
  assert.deepEqual(selection.files, files.slice(1));
  assert.deepEqual(selection.runnerOptions, ['--test-name-pattern=x']);
  assert.deepEqual(selection.unmatched, []);
});

test('a filter that chooses nothing is told apart, even beside one that chooses something', () => {
  assert.deepEqual(selectTests(files, ['ports', 'prots']).unmatched, ['prots']);
});

test('the test files of the repository are found once each, and none in node_modules', () => {
  const found = findTestFiles(repositoryRoot);
  assert.ok(found.includes('infra/local/test-files.test.ts'));
  assert.equal(new Set(found).size, found.length);
  assert.ok(found.every((file) => !file.includes('node_modules')));
});

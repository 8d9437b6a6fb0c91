import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { prepareFolder } from './data-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'outrigger-data-'));
after(() => rmSync(root, { recursive: true }));

test('a folder is made, with those above it, and found again', () => {
  const folder = join(root, 'a', 'b');
  assert.equal(prepareFolder(folder), undefined);
  assert.equal(prepareFolder(folder), undefined);
  assert.ok(existsSync(folder));
});

test('a folder that cannot be made is named, with the variable that moves it', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.match(prepareFolder(join(file, 'below')) ?? '', /below cannot be written \(ENOTDIR\).*OUTRIGGER_DATA_DIR/);
});

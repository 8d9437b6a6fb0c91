import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findRunningServer, parsePostmasterLock } from './postmaster-lock.ts';

const root = mkdtempSync(join(tmpdir(), 'outrigger-lock-'));
after(() => rmSync(root, { recursive: true }));

function folderWithLock(processId: number): { folder: string; lockFile: string } {
  const folder = join(root, String(processId));
  mkdirSync(folder);
  const lockFile = join(folder, 'postmaster.pid');
  writeFileSync(lockFile, `${processId}\n${folder}\n1700000000\n54320\n\n127.0.0.1\n`);
  return { folder, lockFile };
}

test('the lock file of a server tells its process and port', () => {
  assert.deepEqual(parsePostmasterLock('4711\n/data\n1700000000\n54320\n'), { processId: 4711, port: 54_320 });
});

test('a lock file that was cut short tells what it can', () => {
  assert.deepEqual(parsePostmasterLock('4711\n/data\n'), { processId: 4711, port: undefined });
  assert.deepEqual(parsePostmasterLock('-4711\n/data\n'), { processId: 4711, port: undefined });
  assert.equal(parsePostmasterLock(''), undefined);
  assert.equal(parsePostmasterLock('what\n'), undefined);
});

test('the lock of a process that is gone holds nobody up', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  assert.equal(findRunningServer(folderWithLock(pid).folder), undefined);
});

test('a lock whose number now belongs to another program is stale and removed', () => {
  const { folder, lockFile } = folderWithLock(process.pid);
  assert.equal(findRunningServer(folder), undefined);
  assert.equal(existsSync(lockFile), false);
});

test('a folder without a lock file has no server', () => {
  assert.equal(findRunningServer(join(root, 'no-such-folder')), undefined);
});

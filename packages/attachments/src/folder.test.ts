import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ReadFile } from '@outrigger/core';
import { readFromFolder } from './folder.ts';

const OWNER = { orgId: 'shop', sandboxName: 'dev' };
const live = () => AbortSignal.timeout(10_000);

describe('files of a folder (F045)', () => {
  let root: string;
  let read: ReadFile;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'outrigger-files-'));
    const home = join(root, 'store', 'shop', 'dev');
    await mkdir(join(home, 'sub'), { recursive: true });
    await mkdir(join(root, 'store', 'shop', 'prod'));
    await writeFile(join(root, 'outside.pdf'), '%PDF-1.7 outside');
    await writeFile(join(root, 'store', 'shop', 'prod', 'theirs.pdf'), '%PDF-1.7 theirs');
    await writeFile(join(home, 'sub', 'a.pdf'), '%PDF-1.7 a');
    await writeFile(join(home, 'large.pdf'), Buffer.concat([Buffer.from('%PDF-'), Buffer.alloc(5_000_000)]));
    await writeFile(join(home, 'text.pdf'), 'hello');
    await symlink(join(root, 'outside.pdf'), join(home, 'link.pdf'));
    await symlink(join(home, 'sub', 'a.pdf'), join(home, 'inner.pdf'));
    await symlink(root, join(home, 'folder'));
    execFileSync('mkfifo', [join(home, 'pipe.pdf')]);
    read = readFromFolder(join(root, 'store'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('are read below the folder of the sandbox', async () => {
    assert.deepEqual(await read(OWNER, 'sub/a.pdf', live()), { bytes: Buffer.from('%PDF-1.7 a') });
  });

  for (const path of [
    'missing.pdf',
    'sub',
    'sub/a.pdf/b.pdf',
    'link.pdf',
    'inner.pdf',
    'folder/outside.pdf',
    'pipe.pdf',
    'large.pdf',
    'text.pdf',
    '../prod/theirs.pdf',
    '../../../outside.pdf',
    `${'x'.repeat(255)}/a.pdf`,
  ]) {
    it(`${path.slice(0, 30)} is gone for good`, async () => {
      const answer = await read(OWNER, path, live());
      assert.ok('gone' in answer, JSON.stringify(answer));
    });
  }

  it('are not to be had for now when the folder itself is away', async () => {
    assert.deepEqual(await readFromFolder(join(root, 'nowhere'))(OWNER, 'a.pdf', live()), {
      later: 'the folder is not there',
    });
  });
});

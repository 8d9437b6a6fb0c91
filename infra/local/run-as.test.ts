import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseRunAs, findUser, waysForRoot } from './run-as.ts';

const passwd = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\nodd:x\n';

test('a user is found in a passwd file by name', () => {
  assert.deepEqual(findUser('nobody', passwd), { userId: 65_534, groupId: 65_533 });
});

test('root, a broken line and a missing user are no user to run something as', () => {
  for (const name of ['root', 'odd', 'somebody']) assert.equal(findUser(name, passwd), undefined);
});

test('below a closed folder a way is found to run a program that writes, for root too', (context) => {
  const closed = mkdtempSync(join(tmpdir(), 'outrigger-closed-')); // mode 0700, as mktemp -d makes it
  context.after(() => rmSync(closed, { recursive: true }));
  const folder = join(closed, 'data');
  mkdirSync(folder);
  const choice = chooseRunAs(process.execPath, folder);
  assert.equal(choice.kind, 'chosen');
  const owner = choice.kind === 'chosen' ? choice.runAs.fileOwner?.userId : undefined;
  assert.equal(statSync(folder).uid, owner ?? process.getuid?.());
});

test('no way for root leaves the program root', () => {
  for (const way of waysForRoot({ userId: 65_534, groupId: 65_534 })) {
    assert.ok(way.userId === 65_534 || way.prefix.some((word) => /(reuid|map-user)=65534/.test(word)), way.description);
  }
});

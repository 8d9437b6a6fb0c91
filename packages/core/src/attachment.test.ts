import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { folderOf, pathProblem } from './attachment.ts';

for (const path of [
  '../secret.pdf',
  'a/../../secret.pdf',
  '/etc/passwd',
  'a//b.pdf',
  './a.pdf',
  'a/.',
  'a/',
  '',
  'https://evil.example/a.pdf',
  'file:a.pdf',
  's3://other/a.pdf',
  'C:\\a.pdf',
  'a\\..\\b.pdf',
  'a\0.pdf',
  'a\nb.pdf',
  'a\u0085b.pdf',
  '\ud800.pdf',
  `${'a'.repeat(256)}.pdf`,
  `${'a/'.repeat(400)}a.pdf`,
]) {
  test(`the path ${JSON.stringify(path.slice(0, 40))} is refused (F045)`, () => {
    assert.notEqual(pathProblem(path), undefined);
  });
}

for (const path of ['a.pdf', 'invoices/2031/Räkning 7 (100%).pdf', '..a/b..pdf', 'a b/c?d=e#f.pdf', '%2e%2e/a.pdf']) {
  test(`the path ${path} is taken (F045)`, () => {
    assert.equal(pathProblem(path), undefined);
  });
}

const part = fc.oneof(
  fc.constantFrom('..', '.', '', '/', 'a', '%2e%2e', '…'),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

test('a path that is taken never leaves the folder that it is put behind (F045)', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const path = parts.join('/');
      if (pathProblem(path) !== undefined) return;
      assert.equal(posix.normalize(`/store/org/dev/${path}`), `/store/org/dev/${path}`);
    }),
  );
});

test('two sandboxes never share a folder, and none is outside of the store (F045)', () => {
  const name = fc.oneof(fc.constantFrom('..', '.', '%2E', '%2E%2E', 'a/b', 'a%2Fb', 'A@Org', 'A%40Org'), fc.string());
  fc.assert(
    fc.property(name, name, (one, other) => {
      const [mine] = folderOf({ orgId: one, sandboxName: 'dev' });
      const [theirs] = folderOf({ orgId: other, sandboxName: 'dev' });
      assert.equal(mine === theirs, one === other);
      assert.doesNotMatch(mine, /^\.+$|[/\\\p{Cc}]/u);
    }),
  );
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { repositoryRoot } from '@outrigger/local/settings.ts';
import { applyPatch, makeBuild } from './build.ts';

const patch = { file: 'a.ts', find: 'guard()', put: '' };
const folder = mkdtempSync(join(tmpdir(), 'outrigger-build-'));
after(() => rmSync(folder, { recursive: true }));

test('a patch replaces its line when it is there exactly once', () => {
  assert.equal(applyPatch('a; guard(); b', patch), 'a; ; b');
});

test('a patch whose line is gone, or there twice, is an error: such a sabotage would prove nothing', () => {
  assert.throws(() => applyPatch('a; b', patch), /0 times/);
  assert.throws(() => applyPatch('guard(); guard()', patch), /2 times/);
});

for (const [sabotage, file] of [
  ['claim', 'packages/store/src/claim.ts'],
  ['journal', 'packages/pipeline/src/journal-settler.ts'],
  ['newer', 'packages/queue/src/job.ts'],
] as const) {
  test(`the build "${sabotage}" differs from the sources in that file, and packages find each other's copies`, () => {
    const root = makeBuild(repositoryRoot, join(folder, sabotage), sabotage);
    assert.notEqual(readFileSync(join(root, file), 'utf8'), readFileSync(join(repositoryRoot, file), 'utf8'));
    const linked = realpathSync(join(root, 'packages', 'pipeline', 'node_modules', '@outrigger', 'store'));
    assert.equal(linked, realpathSync(join(root, 'packages', 'store')));
  });
}

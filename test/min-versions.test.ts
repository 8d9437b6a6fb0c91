import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const { packages } = JSON.parse(readFileSync(join(ROOT, 'security/min-versions.json'), 'utf8')) as {
  packages: Record<string, { minimum: string; because: string[] }>;
};

/**
 * Every package and version of a pnpm lockfile (format 9): the keys of its `packages` section, `name@version:`. Peer
 * suffixes are only in `snapshots`. Read as text, so that a change of the format finds nothing and fails the first test.
 */
function resolvedVersions(lockfile: string): Map<string, string[]> {
  const section = /^packages:\n([\s\S]*?)^snapshots:/m.exec(lockfile)?.[1] ?? '';
  const versions = new Map<string, string[]>();
  for (const [, name, version] of section.matchAll(/^ {2}'?((?:@[^/\s]+\/)?[^@\s]+)@([^:()'\s]+)'?:$/gm)) {
    versions.set(name!, [...(versions.get(name!) ?? []), version!]);
  }
  return versions;
}

/** Negative when `one` comes before `other`. A pre-release comes before its release (semver.org section 11). */
function compareVersions(one: string, other: string): number {
  const parse = (version: string) => {
    const [numbers, preRelease] = version.split('+')[0]!.split(/-(.*)/s) as [string, string | undefined];
    return [...numbers.split('.').map(Number), preRelease === undefined ? 1 : 0];
  };
  const [left, right] = [parse(one), parse(other)];
  for (const [index, number] of left.entries()) {
    if (number !== right[index]) return number - (right[index] ?? 0);
  }
  return 0;
}

/** Each occurrence that is under its minimum, in words. */
function violations(resolved: Map<string, string[]>): string[] {
  return Object.entries(packages).flatMap(([name, { minimum, because }]) =>
    (resolved.get(name) ?? [])
      .filter((version) => compareVersions(version, minimum) < 0)
      .map((version) => `${name} ${version} is under ${minimum}: ${because.join('; ')}`),
  );
}

const resolved = resolvedVersions(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8'));

test('the lockfile is read: the libraries we stand on are in it', () => {
  assert.ok(resolved.size > 100, `${resolved.size} packages were found`);
  for (const name of ['express', 'liquidjs', 'mjml', 'bullmq', 'nodemailer', 'pg', '@aws-sdk/client-sns']) {
    assert.ok(resolved.has(name), `${name} is in the lockfile`);
  }
});

test('no package of the lockfile is under its minimum, wherever it comes from', () => {
  assert.deepEqual(violations(resolved), []);
});

test('a version under its minimum is found, also beside a good one', () => {
  const lockfile = `packages:\n\n  liquidjs@10.26.0:\n    resolution: {}\n\n  liquidjs@10.27.2:\n    resolution: {}\n\n  '@x/qs@1.0.0':\n    resolution: {}\n\nsnapshots:\n  qs@1.0.0:\n`;
  const found = resolvedVersions(lockfile);
  assert.deepEqual(found.get('liquidjs'), ['10.26.0', '10.27.2']);
  assert.deepEqual(found.get('@x/qs'), ['1.0.0']);
  assert.equal(violations(found).length, 1);
  assert.match(violations(found)[0]!, /^liquidjs 10\.26\.0 is under 10\.27\.2: CVE-2026-45618/);
});

test('versions compare by number, and a pre-release comes before its release', () => {
  const ordered = ['1.9.9', '1.10.0-rc.1', '1.10.0', '2.0.0', '10.0.0'];
  for (const [index, version] of ordered.entries()) {
    for (const [otherIndex, other] of ordered.entries()) {
      assert.equal(
        Math.sign(compareVersions(version, other)),
        Math.sign(index - otherIndex),
        `${version} and ${other}`,
      );
    }
  }
  assert.equal(compareVersions('1.2.3+build', '1.2.3'), 0);
});

test('every minimum is a version and says why', () => {
  for (const [name, { minimum, because }] of Object.entries(packages)) {
    assert.match(minimum, /^\d+\.\d+\.\d+$/, name);
    assert.ok(because.length > 0, name);
  }
});

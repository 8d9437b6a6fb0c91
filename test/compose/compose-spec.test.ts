import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
const FILE = join(ROOT, 'docker-compose.yml');
const PROFILES = ['demo', 'tools', 'aws', 'observability'];

/** What of a compose file is looked at here. */
type Service = {
  image: string;
  build?: object;
  profiles?: string[];
  pull_policy?: string;
  depends_on?: Record<string, object>;
  network_mode?: string;
  volumes?: string[];
  tmpfs?: string[];
  healthcheck?: { test: string[] };
};
type ComposeFile = { services: Record<string, Service>; volumes: Record<string, null> };

/** The file as Compose reads it where no variable is set: anchors merged, `${NAME:-value}` replaced. */
function readComposeFile(): ComposeFile {
  const text = readFileSync(FILE, 'utf8').replaceAll(/\$\{\w+(?::-([^}]*))?\}/g, (_, value?: string) => value ?? '');
  return parse(text, { merge: true }) as ComposeFile;
}

/** Compose's own schema; `dclint` brings it along, taken from compose-go, the library that Compose v2 reads its files with. */
function readComposeSchema(): Record<string, unknown> {
  const folder = dirname(createRequire(import.meta.url).resolve('dclint/package.json'));
  return JSON.parse(readFileSync(join(folder, 'schemas', 'compose.schema.json'), 'utf8')) as Record<string, unknown>;
}

const { services, volumes } = readComposeFile();

test('docker-compose.yml is what the schema of Compose v2 asks for, and the schema would say so if it were not', () => {
  // Ajv does not know the address by which it names its dialect, draft 7.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const { $schema: _dialect, ...schema } = readComposeSchema();
  const validate = ajv.compile(schema);
  assert.equal(validate(readComposeFile()), true, ajv.errorsText(validate.errors, { separator: '\n' }));
  const wrong = readComposeFile();
  Object.assign(wrong.services.ingress!, { depend_on: ['redis'] });
  assert.equal(validate(wrong), false);
});

/** The rules that Compose v2 holds a file to beyond its schema (compose-go, loader/validate.go). */
describe('Compose v2 finds nothing inconsistent', () => {
  for (const active of [[], ...PROFILES.map((profile) => [profile]), PROFILES]) {
    test(active.length > 0 ? `with ${active.join(', ')}` : 'without a profile', () => {
      const enabled = Object.entries(services).filter(
        ([, { profiles = [] }]) => profiles.length === 0 || profiles.some((profile) => active.includes(profile)),
      );
      const names = new Set(enabled.map(([name]) => name));
      for (const [name, service] of enabled) {
        const needed = Object.keys(service.depends_on ?? {});
        if (service.network_mode) needed.push(service.network_mode.replace('service:', ''));
        for (const other of needed) assert.ok(names.has(other), `${name} needs ${other}, which is not there`);
        const mounts = (service.volumes ?? []).map((volume) => volume.split(':') as [string, string]);
        for (const [source] of mounts) assert.ok(source.startsWith('.') || source in volumes, `${name}: ${source}`);
        const targets = [...mounts.map(([, target]) => target), ...(service.tmpfs ?? [])];
        assert.equal(new Set(targets).size, targets.length, `${name} mounts something over something`);
        if (service.healthcheck) assert.match(service.healthcheck.test[0]!, /^CMD(-SHELL)?$/);
      }
    });
  }
});

test('every profile is known here, and an image that is built here is never looked for in a registry', () => {
  const used = new Set(Object.values(services).flatMap(({ profiles = [] }) => profiles));
  assert.deepEqual([...used].sort(), PROFILES.toSorted());
  // Compose v2 asks the registry first for an image that has a name and is missing, even where it could build it.
  for (const [name, { build, pull_policy: policy }] of Object.entries(services)) {
    assert.equal(policy, build ? 'never' : undefined, name);
  }
});

const commands = [['docker', 'compose'], ['docker-compose']] as const;
for (const [file, ...first] of commands) {
  const version = spawnSync(file, [...first, 'version', '--short'], { encoding: 'utf8' });
  const absent = version.status !== 0 && `did not run: there is no ${[file, ...first].join(' ')} here`;
  test(`${[file, ...first].join(' ')} takes the file with every profile`, { skip: absent }, () => {
    const profiles = PROFILES.flatMap((profile) => ['--profile', profile]);
    const read = spawnSync(file, [...first, '-f', FILE, ...profiles, 'config', '--services'], { encoding: 'utf8' });
    assert.equal(read.status, 0, read.stderr);
    assert.deepEqual(read.stdout.trim().split('\n').sort(), Object.keys(services).sort());
  });
}

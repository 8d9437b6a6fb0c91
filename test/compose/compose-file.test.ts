import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readServices } from '../../infra/docs/variables.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const composeFile = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

/** Set by the image or the same for all; `migrate` and the others must agree on the schema, so it is not a choice here. */
const NOT_A_CHOICE = new Set(['HOST', 'PORT', 'DATA_DIR', 'DATABASE_SCHEMA', 'QUEUE_SCHEMA']);

test('every service is in docker-compose.yml', () => {
  for (const folder of readdirSync(join(ROOT, 'services'))) {
    assert.match(composeFile, new RegExp(`^ {2}${folder}:\n {4}<<: \\*service$`, 'm'));
    assert.match(composeFile, new RegExp(`SERVICE: ${folder} }`));
  }
});

test('every variable of every service can be set from outside the containers', async () => {
  const missing = (await readServices(ROOT)).flatMap(({ service, variables, choice }) =>
    [...variables, ...(choice?.providers.flatMap((provider) => provider.variables) ?? [])]
      .filter(({ name }) => !NOT_A_CHOICE.has(name) && !new RegExp(`^ +${name}:`, 'm').test(composeFile))
      .map(({ name }) => `${service}: ${name}`),
  );
  assert.deepEqual(missing, []);
});

test('containers can be scaled: none has a name of its own, and only what people open takes a port', () => {
  assert.doesNotMatch(composeFile, /container_name/);
  // ingress, control, gateway, and grafana in its profile.
  assert.equal(composeFile.match(/^ {4}ports:/gm)?.length, 4);
});

test('every file that a container mounts is there', () => {
  const mounted = [...composeFile.matchAll(/^ +- (\.\/[^:]+):/gm)].map((match) => match[1]!);
  assert.ok(mounted.length >= 5);
  assert.deepEqual(
    mounted.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
});

test('Prometheus looks at every service', () => {
  const config = readFileSync(join(ROOT, 'infra', 'prometheus', 'prometheus.yml'), 'utf8');
  const names = [...config.matchAll(/names: \[([^\]]+)\]/g)].flatMap((match) => match[1]!.split(', '));
  assert.deepEqual(names.sort(), readdirSync(join(ROOT, 'services')).sort());
});

test('every variable that exists for compose alone is on its page', () => {
  const page = readFileSync(join(ROOT, 'docs', 'running-with-compose.md'), 'utf8');
  const configuration = readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8');
  const named = new Set([...composeFile.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1]!));
  assert.ok(named.size >= 10);
  assert.deepEqual(
    [...named].filter((name) => !page.includes(`\`${name}\``) && !configuration.includes(`\`${name}\``)),
    [],
  );
});

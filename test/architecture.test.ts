import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

/**
 * What each package may import of ours. Imports go one way: a package that is not named in a row cannot be reached from it.
 * `pipeline` never imports a channel: a worker's main hands it one.
 */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  // Counters that anybody may turn; they know nothing of what they count.
  metrics: [],
  tracing: [],
  contracts: ['core'],
  render: ['core', 'contracts'],
  store: ['core', 'contracts'],
  queue: ['core', 'contracts'],
  // Signs and sends what SES and SNS are told: the one place that knows AWS's signature, credentials and connections.
  'aws-request': ['core'],
  // Reads files that go with emails from a bucket or a folder.
  attachments: ['core', 'aws-request'],
  'channel-email': ['core', 'contracts', 'aws-request'],
  'aws-sns': ['core', 'aws-request'],
  'aws-sqs': [],
  // Which addresses customers and their providers may lead us to: one guard for whoever calls out.
  egress: [],
  'channel-sms': ['core', 'contracts', 'aws-sns', 'egress'],
  'channel-push': ['core', 'contracts', 'aws-sns'],
  runtime: ['core', 'metrics', 'tracing'],
  pipeline: ['core', 'contracts', 'metrics', 'store', 'queue', 'render', 'runtime', 'flow', 'tracing', 'egress'],
  flow: ['core', 'metrics', 'store'],
  authoring: ['core', 'contracts', 'store', 'render'],
  api: ['core', 'contracts', 'store', 'runtime', 'pipeline', 'authoring', 'intake', 'tracing'],
  // Reads files of any size into the ledger.
  intake: ['core', 'contracts', 'store'],
  // A free port is found as the local start finds it.
  testkit: ['core', 'contracts', 'store', 'queue', 'local'],
  // Runs everything from outside, on stores that infra/local starts.
  chaos: ['core', 'store', 'queue', 'pipeline', 'testkit', 'local'],
  // Runs everything from outside too, and has the naive pipeline that we are compared with.
  bench: ['core', 'store', 'queue', 'pipeline', 'render', 'testkit', 'chaos', 'local'],
  // Looks at whatever the services stand on. The command line loads it for one command alone.
  doctor: ['core', 'store', 'queue', 'runtime', 'pipeline', 'channel-email', 'channel-sms', 'channel-push'],
  cli: ['core', 'doctor'],
};

/** Libraries with one owner: nobody else imports them, so they can be replaced in one place. Tests may. */
const OWNED: Record<string, RegExp> = {
  bullmq: /^packages\/(queue\/src|bench\/src\/naive)\//,
  ioredis: /^packages\/queue\/src\//,
  pg: /^packages\/(store|queue|testkit)\/src\//,
  liquidjs: /^packages\/(render\/src|bench\/src\/naive)\//,
  mjml: /^packages\/(render\/src|bench\/src\/naive)\//,
  jose: /^packages\/pipeline\/src\//,
  pino: /^packages\/runtime\/src\//,
  'prom-client': /^packages\/metrics\/src\//,
  '@opentelemetry': /^packages\/tracing\/src\//,
  undici: /^packages\/aws-request\/src\//,
  nodemailer: /^packages\/channel-[a-z]+\/src\/providers\/[a-z]+\//,
};

type SourceFile = { path: string; text: string; imports: string[] };

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (/\.(ts|tsx|mjs)$/.test(entry.name)) yield path;
  }
}

function sourceFiles(): SourceFile[] {
  return ['packages', 'services', 'infra', 'test'].flatMap((folder) =>
    [...walk(join(ROOT, folder))].map((path) => {
      const text = readFileSync(path, 'utf8');
      const imports = [
        ...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g),
      ];
      return {
        path: relative(ROOT, path).split(sep).join('/'),
        text,
        imports: imports.map((match) => match[1] ?? match[2]!),
      };
    }),
  );
}

const files = sourceFiles();
/** Benchmarks measure a package from outside, as tests check it. */
const isTest = (path: string) => /\.test\.ts$|\/test\/|^test\/|^packages\/[^/]+\/bench\//.test(path);
const production = files.filter((file) => !isTest(file.path));

function violations(of: SourceFile[], find: (file: SourceFile) => string[]): string[] {
  return of.flatMap((file) => find(file).map((found) => `${file.path}: ${found}`));
}

test('there are sources to look at, or these tests prove nothing', () => {
  assert.ok(production.length > 80, `only ${production.length} files`);
  assert.ok(production.some((file) => file.imports.some((name) => name.startsWith('@outrigger/'))));
});

test('every package has a row in the import table and imports only what its row names', () => {
  const found = violations(production, (file) => {
    const owner = /^packages\/([^/]+)\//.exec(file.path)?.[1];
    if (!owner) return [];
    const allowed = MAY_IMPORT[owner];
    if (!allowed) return ['is in a package without a row'];
    return file.imports.flatMap((name) => {
      const target = /^@outrigger\/([^/]+)/.exec(name)?.[1];
      return target && target !== owner && !allowed.includes(target) ? [`imports ${name}`] : [];
    });
  });
  assert.deepEqual(found, []);
});

test('relative imports stay inside their package or service', () => {
  const found = violations(files, (file) => {
    const home = file.path.split('/').slice(0, 2).join('/');
    return file.imports.flatMap((name) => {
      if (!name.startsWith('.')) return [];
      const target = join(file.path, '..', name).split(sep).join('/');
      return target.startsWith(`${home}/`) || /^(infra|test)\//.test(file.path) ? [] : [`reaches out to ${name}`];
    });
  });
  assert.deepEqual(found, []);
});

test('a service never imports a service, and no package imports one', () => {
  const found = violations(production, (file) => file.imports.filter((name) => /services\//.test(name)));
  assert.deepEqual(found, []);
});

test('a library with one owner is imported by nobody else', () => {
  const found = violations(production, (file) =>
    file.imports.flatMap((name) => {
      const library = name.split('/')[0]!;
      const owner = OWNED[library];
      return owner && !owner.test(file.path) ? [`imports ${name}`] : [];
    }),
  );
  assert.deepEqual(found, []);
});

test('a provider SDK is imported only inside its provider folder, or where its credentials are found, or queues polled', () => {
  const found = violations(production, (file) =>
    file.imports.filter(
      (name) =>
        name.startsWith('@aws-sdk/') &&
        !/\/providers\/[a-z]+\/|^packages\/(aws-request\/src\/credentials\.ts$|aws-sqs\/src\/|bench\/src\/naive\/)/.test(
          file.path,
        ),
    ),
  );
  assert.deepEqual(found, []);
});

test('the environment is read only in a main, in the local start and in test support', () => {
  const allowed = /^(services\/[^/]+|packages\/cli)\/src\/main\.ts$|-main\.ts$|^infra\/|^packages\/testkit\//;
  const found = violations(production, (file) =>
    file.text.includes('process.env') && !allowed.test(file.path) ? ['reads process.env'] : [],
  );
  assert.deepEqual(found, []);
});

test('core imports nothing at all', () => {
  const core = production.filter((file) => file.path.startsWith('packages/core/'));
  const found = violations(core, (file) => file.imports.filter((name) => !name.startsWith('./')));
  assert.deepEqual(found, []);
});

test('no source file has more than 300 lines, and no test more than 600', () => {
  const found = violations(files, (file) => {
    const lines = file.text.split('\n').length - 1;
    return lines > (isTest(file.path) ? 600 : 300) ? [`${lines} lines`] : [];
  });
  assert.deepEqual(found, []);
});

test('services are thin', () => {
  const services = production.filter((file) => file.path.startsWith('services/'));
  const found = violations(services, (file) => (file.text.split('\n').length > 90 ? ['over 90 lines'] : []));
  assert.deepEqual(found, []);
});

test('there are no default exports and no drawers', () => {
  const found = violations(production, (file) => [
    ...(/^export default/m.test(file.text) ? ['has a default export'] : []),
    ...(/(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(file.path) ? ['is a drawer'] : []),
  ]);
  assert.deepEqual(found, []);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findFreePort } from '../ports.ts';
import type { StackProcess } from '../process-table.ts';
import type { StackSettings } from '../settings.ts';
import { type Stack, startStack, stopStack } from '../stack.ts';

const service = `import { createServer } from 'node:http';
createServer((request, response) => response.end(process.env.QUEUE_URL ?? 'no queue url')).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));`;

/** A repository of two small services that lies in a temporary folder; its database is a socket that accepts. */
async function prepare(context: TestContext, files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'outrigger-stack-'));
  const database = createServer().listen(0, '127.0.0.1');
  await once(database, 'listening');
  context.after(() => {
    database.close();
    rmSync(root, { recursive: true, force: true });
  });
  const all = {
    'packages/store/src/migrate-main.ts': 'process.exit(process.env.DATABASE_URL ? 0 : 1)',
    'services/front/src/main.ts': service,
    'services/back/src/main.ts': service,
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const table: StackProcess[] = ['back', 'front'].map((name, index) => ({
    name,
    main: `services/${name}/src/main.ts`,
    defaultPort: 0,
    portVariable: `${name.toUpperCase()}_PORT`,
    stopOrder: 2 - index,
  }));
  const settings: StackSettings = {
    root,
    dataFolder: join(root, 'data'),
    postgresPort: 0,
    databaseUrl: `postgres://127.0.0.1:${(database.address() as AddressInfo).port}/x`,
    queueUrl: undefined,
    redisPort: undefined,
    servicePorts: new Map([
      ['front', await findFreePort()],
      ['back', await findFreePort()],
    ]),
    logFormat: 'pretty',
    quiet: false,
    seed: false,
    environment: process.env,
  };
  const said: string[] = [];
  const output = {
    screen: { write: () => {}, isTerminal: false },
    onLine: (source: string, line: string) => said.push(`${source}: ${line}`),
    show: (line: string) => said.push(line),
    say: (line: string) => said.push(line),
  };
  const stack: Stack = { services: [], stores: [] };
  return { stack, settings, table, output, said };
}

test('the stack migrates, starts every service and stops them in their order', async (context) => {
  const { stack, settings, table, output, said } = await prepare(context, {});
  assert.equal(await startStack(stack, settings, table, output), undefined);
  const port = settings.servicePorts.get('front');
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'no queue url');
  await stopStack(stack, output.say);
  assert.deepEqual(said, ['stopping front', 'stopping back']);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});

test('a migration that fails ends the start, with its output, before any service', async (context) => {
  const broken = { 'packages/store/src/migrate-main.ts': "console.error('column is missing'); process.exit(1)" };
  const { stack, settings, table, output } = await prepare(context, broken);
  assert.match((await startStack(stack, settings, table, output)) ?? '', /migration failed:\ncolumn is missing/);
  assert.equal(stack.services.length, 0);
});

test('a service that dies at its start is named, and what runs can be stopped', async (context) => {
  const { stack, settings, table, output, said } = await prepare(context, {
    'services/back/src/main.ts': "console.log('no key'); process.exit(4)",
  });
  assert.equal(await startStack(stack, settings, table, output), 'back ended before it served (exit code 4)');
  assert.ok(said.includes('back: no key'));
  await stopStack(stack, output.say);
});

test('a database that does not answer is named before anything starts', async (context) => {
  const { stack, settings, table, output } = await prepare(context, {});
  const gone = { ...settings, databaseUrl: `postgres://127.0.0.1:${await findFreePort()}/x` };
  assert.match((await startStack(stack, gone, table, output)) ?? '', /nothing answers at .*DATABASE_URL/);
});

test('a port in use is refused before anything starts', async (context) => {
  const { stack, settings, table, output } = await prepare(context, {});
  const taken = Number(new URL(settings.databaseUrl!).port);
  const servicePorts = new Map([...settings.servicePorts, ['back', taken] as const]);
  assert.match(
    (await startStack(stack, { ...settings, servicePorts }, table, output)) ?? '',
    /back wants it.*BACK_PORT/,
  );
});

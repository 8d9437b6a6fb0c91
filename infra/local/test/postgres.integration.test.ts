import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { canConnect, findFreePort } from '../ports.ts';
import { type RunningPostgres, startPostgres } from '../postgres.ts';

const root = mkdtempSync(join(tmpdir(), 'outrigger-postgres-'));
const folder = join(root, 'postgres');
after(() => rmSync(root, { recursive: true, force: true }));

async function start(): Promise<RunningPostgres> {
  const result = await startPostgres({ folder, port: await findFreePort(), durable: false });
  assert.equal(result.kind, 'running', JSON.stringify(result));
  return (result as { postgres: RunningPostgres }).postgres;
}

test('a server is made on first use below a closed folder, and found again with the same password', async () => {
  const first = await start();
  const { hostname, port, password, pathname } = new URL(first.url);
  assert.ok(await canConnect(hostname, Number(port), 1_000));
  assert.ok(password.length >= 20);
  assert.equal(pathname, '/outrigger');
  assert.equal(statSync(join(folder, 'password')).mode & 0o077, 0);
  await first.stop();
  assert.equal(await canConnect(hostname, Number(port), 1_000), false);

  const second = await start();
  assert.equal(new URL(second.url).password, password);
  await second.stop();
});

test('a second server on the same folder is refused with the process that is there', async () => {
  const running = await start();
  const result = await startPostgres({ folder, port: await findFreePort(), durable: false, earlierServerGraceMs: 0 });
  assert.equal(result.kind, 'failed');
  assert.match(
    (result as { problem: string }).problem,
    new RegExp(`process ${running.process.processId}, .*kill -INT`),
  );
  await running.stop();
});

test('a server that cannot start tells why, in its own words', async () => {
  const running = await start();
  const port = Number(new URL(running.url).port);
  const elsewhere = join(root, 'elsewhere');
  const result = await startPostgres({ folder: elsewhere, port, durable: false });
  assert.equal(result.kind, 'failed');
  assert.match((result as { problem: string }).problem, /could not bind/);
  await running.stop();
});

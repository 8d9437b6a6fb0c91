import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFreePort } from './ports.ts';
import { restartDelayMs, runService, type ServiceProcess } from './service-process.ts';

/** A service whose only trick is to die when it is asked to. */
const mortal = `require('node:http').createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  response.end(String(process.pid));
}).listen(process.env.PORT, '127.0.0.1'); process.on('SIGTERM', () => process.exit(0));`;

async function start(
  script: string,
): Promise<{ service: ServiceProcess; port: number; heard: (part: string) => Promise<void> }> {
  const port = await findFreePort();
  const waiting: { part: string; resolve: () => void }[] = [];
  const said: string[] = [];
  const service = runService({
    name: 'mortal',
    command: process.execPath,
    args: ['-e', script],
    environment: { ...process.env, PORT: String(port) },
    workingFolder: '/',
    port,
    onLine: () => {},
    say: (line) => {
      said.push(line);
      for (const { part, resolve } of waiting) if (line.includes(part)) resolve();
    },
  });
  const heard = (part: string) =>
    said.some((line) => line.includes(part))
      ? Promise.resolve()
      : new Promise<void>((resolve) => waiting.push({ part, resolve }));
  return { service, port, heard };
}

test('a service is ready when it answers, is started again when it dies, and stops when asked', async () => {
  const { service, port, heard } = await start(mortal);
  assert.equal(await service.ready, undefined);
  const firstProcess = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  await fetch(`http://127.0.0.1:${port}/die`).catch(() => {});
  await heard('mortal died (exit code 3), restarting it in 0.5 s');
  await heard('mortal serves again');
  assert.notEqual(await (await fetch(`http://127.0.0.1:${port}/`)).text(), firstProcess);
  await service.stop();
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});

test('a service that dies before it ever served is a failed start, not a restart', async () => {
  const { service } = await start('process.exit(2)');
  assert.equal(await service.ready, 'mortal ended before it served (exit code 2)');
  await service.stop();
});

test('a service can be stopped while it waits to be started again', async () => {
  const { service, port, heard } = await start(mortal);
  await service.ready;
  await fetch(`http://127.0.0.1:${port}/die`).catch(() => {});
  await heard('restarting');
  await service.stop();
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});

test('the wait before a restart doubles and has an end', () => {
  assert.deepEqual([0, 1, 2, 3].map(restartDelayMs), [500, 1_000, 2_000, 4_000]);
  assert.equal(restartDelayMs(50), 30_000);
});

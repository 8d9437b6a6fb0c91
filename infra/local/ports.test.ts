import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { canConnect, findFreePort, findPortProblems, isPortFree } from './ports.ts';

async function withListener(host: string, work: (port: number) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

test('a port is in use whether its listener is on loopback or on all addresses', async () => {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    await withListener(host, async (port) => assert.equal(await isPortFree(port), false, host));
  }
});

test('a port that nobody listens on is free, and cannot be connected to', async () => {
  const port = await findFreePort();
  assert.equal(await isPortFree(port), true);
  assert.equal(await canConnect('127.0.0.1', port, 1_000), false);
});

test('free ports asked for at the same time differ', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, findFreePort));
  assert.equal(new Set(ports).size, ports.length);
});

test('a port in use is named together with who wants it and the variable that moves it', async () => {
  await withListener('127.0.0.1', async (port) => {
    const problems = await findPortProblems([{ port, wantedBy: 'ingress', variable: 'INGRESS_PORT' }]);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, new RegExp(`port ${port} .*ingress.*INGRESS_PORT`));
    assert.equal(await canConnect('127.0.0.1', port, 1_000), true);
  });
});

test('two that want the same port, and a port that is no number, are refused before anything starts', async () => {
  const port = await findFreePort();
  const problems = await findPortProblems([
    { port, wantedBy: 'ingress', variable: 'INGRESS_PORT' },
    { port, wantedBy: 'control', variable: 'CONTROL_PORT' },
    { port: Number('x'), wantedBy: 'dispatcher', variable: 'DISPATCHER_PORT' },
    { port: 70_000, wantedBy: 'notifier', variable: 'NOTIFIER_PORT' },
  ]);
  assert.equal(problems.length, 3);
  assert.match(problems[0]!, /wanted by ingress and by control: set CONTROL_PORT/);
  assert.match(problems[1]!, /DISPATCHER_PORT is not a port number/);
  assert.match(problems[2]!, /NOTIFIER_PORT is not a port number/);
});

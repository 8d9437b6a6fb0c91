import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { describeExit, type LeashedCommand, startLeashed } from './leashed-process.ts';

function shell(script: string, onLine: (line: string) => void = () => {}): LeashedCommand {
  return {
    command: 'sh',
    args: ['-c', script],
    environment: process.env,
    workingFolder: '/',
    onLine,
    orphanSignal: 'SIGTERM',
  };
}

test('lines of both outputs are heard, to the last, and the exit code is told', async () => {
  const lines: string[] = [];
  const exit = await startLeashed(shell('echo one; echo two >&2; printf three; exit 7', (line) => lines.push(line)))
    .exited;
  assert.deepEqual(lines.toSorted(), ['one', 'three', 'two']);
  assert.equal(describeExit(exit), 'exit code 7');
});

test('the process keeps the id that it was started with, and reads nothing of ours', async () => {
  const lines: string[] = [];
  const leashed = startLeashed(shell('echo $$; cat', (line) => lines.push(line)));
  await leashed.exited;
  assert.deepEqual(lines, [String(leashed.processId)]);
});

test('a process that minds the signal ends with its own exit code', async () => {
  const up = Promise.withResolvers<void>();
  const leashed = startLeashed(shell('trap "exit 5" TERM; echo up; while :; do sleep 0.05; done', () => up.resolve()));
  await up.promise;
  assert.deepEqual(await leashed.stop('SIGTERM', 10_000), { code: 5, signal: null });
});

test('a process that does not stop in its time is killed', async () => {
  const up = Promise.withResolvers<void>();
  const leashed = startLeashed(shell('trap "" TERM; echo up; while :; do sleep 0.05; done', () => up.resolve()));
  await up.promise;
  assert.equal(describeExit(await leashed.stop('SIGTERM', 50)), 'SIGKILL');
});

test('a program that does not exist ends with 127 and says so', async () => {
  const lines: string[] = [];
  const command = { ...shell('', (line) => lines.push(line)), command: '/no/such/program' };
  assert.equal((await startLeashed(command).exited).code, 127);
  assert.match(lines.join('\n'), /not found/);
});

test('when its holder is killed the process is stopped too', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // The socket closes when the leashed process ends, whoever ends it.
  const leashed = `require('node:net').connect(${port}, '127.0.0.1')`;
  const holder = `import { startLeashed } from ${JSON.stringify(new URL('./leashed-process.ts', import.meta.url).href)};
    startLeashed({ command: process.execPath, args: ['-e', ${JSON.stringify(leashed)}], environment: process.env,
      workingFolder: '/', onLine() {}, orphanSignal: 'SIGTERM' });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder], { stdio: 'inherit' });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const closed = once(socket.resume(), 'close');
  child.kill('SIGKILL');
  await closed;
  server.close();
});

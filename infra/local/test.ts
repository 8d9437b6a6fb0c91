// `npm test [-- path ...]`: a throw-away PostgreSQL and a Redis, then every test. Started by run.mjs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, constants } from 'node:os';
import { formatElapsed, runPhase, type Screen } from './phases.ts';
import { dataFolderOf, repositoryRoot } from './settings.ts';
import { watchForStop } from './stop-requests.ts';
import { findTestFiles, selectTests } from './test-files.ts';
import { startTestStores, type TestStores } from './test-stores.ts';

/** A test that hangs is a failed test. */
const longestTestMs = 600_000;
/** A file that leaves something open hangs after its tests; ended like this, the runner names the file. */
const longestRunMs = 30 * 60_000;

const say = (line: string) => process.stdout.write(`outrigger: ${line}\n`);
const screen: Screen = { write: (text) => process.stdout.write(text), isTerminal: process.stdout.isTTY === true };
const selection = selectTests(findTestFiles(repositoryRoot), process.argv.slice(2));

if (selection.unmatched.length > 0) refuse(`no test file has "${selection.unmatched.join('" or "')}" in its path`);
if (selection.files.length === 0) refuse('there are no test files');

const stopRequested = watchForStop(() => process.exit(130));
const started = startTestStores(dataFolderOf(process.env), process.env, say);
const stores = await Promise.race([
  runPhase(screen, 'starting PostgreSQL and Redis for the tests', () => started),
  stopRequested,
]);
if (stores.kind === 'stop') process.exit(130); // what was started is on a leash and goes with us
if (stores.kind === 'failed') refuse(stores.problem);
const { running } = stores;
if (running.postgres !== undefined) say(`PostgreSQL for the tests: ${running.postgres}`);
sayRedis(running);
const code = await runTests(running);
if (running.redis === undefined) sayRedis(running); // once more at the end, where people look
await running.stop();
process.exit(code);

async function runTests(stores: TestStores): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${Math.max(2, availableParallelism())}`,
      '--test-reporter=spec',
      `--test-timeout=${longestTestMs}`,
      ...selection.runnerOptions,
      ...selection.files,
    ],
    { cwd: repositoryRoot, stdio: 'inherit', env: { ...process.env, ...stores.environment } },
  );
  const stop = (reason: string) => {
    say(reason);
    child.kill('SIGTERM');
  };
  void stopRequested.then(() => stop('stopping the tests'));
  setTimeout(() => stop(`the tests have not ended after ${formatElapsed(longestRunMs)}`), longestRunMs).unref();
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function sayRedis(stores: TestStores): void {
  if (stores.redis === undefined) {
    say(
      'NO REDIS WAS FOUND: the tests that need one are skipped. Install redis-server or valkey-server, or set TEST_REDIS_URL.',
    );
  } else {
    say(`Redis for the tests: ${stores.redis}`);
  }
}

function refuse(problem: string): never {
  process.stderr.write(`outrigger: ${problem}\n`);
  process.exit(1);
}

// The first thing `npm start` and `npm test` run. Any Node from 18 on, nothing installed: so no import but Node's own and
// no TypeScript. It installs the packages when they are missing or changed, then hands over to Node 24.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const pinnedNode = join(root, 'node_modules', '.bin', 'node');
const stampFile = join(root, 'node_modules', '.outrigger-installed');
const lockFile = join(root, '.outrigger', 'install.lock');
/** Node keeps what it made of our TypeScript here: a service starts with half the work, and a test run starts hundreds. */
const compileCache = join(root, '.outrigger', 'compile-cache');
const scripts = { start: 'infra/local/start.ts', test: 'infra/local/test.ts' };
const say = (line) => process.stderr.write(`outrigger: ${line}\n`);
const fail = (line) => {
  say(line);
  process.exit(1);
};
const sleep = (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs));

/** Changes exactly when an install would have something to do. */
function manifestHash() {
  const hash = createHash('sha256').update(process.platform + process.arch);
  const members = ['packages', 'services', 'infra'].flatMap((folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => join(folder, name)) : [],
  );
  const manifests = ['.', 'test', ...members.sort()].map((folder) => join(folder, 'package.json'));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

const installed = (hash) => existsSync(pinnedNode) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;

/** One install at a time: two of `npm test` may start in the same fresh checkout. A dead owner's lock is taken over. */
async function withInstallLock(work) {
  mkdirSync(dirname(lockFile), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!waited) say('another process is installing the packages, waiting for it');
      if (!ownerLives()) rmSync(lockFile, { force: true });
      await sleep(200);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function ownerLives() {
  try {
    process.kill(Number(readFileSync(lockFile, 'utf8')) || process.pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Quiet while it goes well (a line every ten seconds). Returns pnpm's whole output when it does not. */
async function install() {
  const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.split('+')[0];
  const startedAt = Date.now();
  const elapsed = () => `${((Date.now() - startedAt) / 1000).toFixed(0)} s`;
  say(`installing packages with ${pnpm} (only when they changed)`);
  const ticker = setInterval(() => say(`still installing packages, ${elapsed()}`), 10_000);
  const args = [
    '--yes',
    pnpm,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    '--config.confirm-modules-purge=false',
  ];
  const child = spawn('npx', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const failure = await new Promise((resolve) => {
    child.on('error', (error) => resolve(`npx could not be started: ${error.message}`));
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `${pnpm} install ended with ${signal ?? code}`),
    );
  });
  clearInterval(ticker);
  const advice = `Its output is above. After a change to a package.json: npx ${pnpm} install`;
  if (failure) return `${output}\n${failure} after ${elapsed()}. ${advice}`;
  say(`packages installed in ${elapsed()}`);
}

/**
 * Node 24 takes over; signals and the exit code pass through. The IPC channel tells it when this process is killed. npm
 * runs us below a shell that dies of a SIGTERM without passing it on: a parent that changes means the same.
 */
function handOver(script, args) {
  const child = spawn(pinnedNode, [script, ...args], {
    cwd: root,
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch); // a second request would mean impatience
    child.kill('SIGTERM');
  }, 500);
  child.on('error', (error) =>
    fail(`${pinnedNode} could not be started: ${error.message}. Delete node_modules and try again.`),
  );
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

const [command, ...args] = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < 18) fail(`Node 18 or newer is needed, this is ${process.version}.`);
if (process.platform === 'win32') fail('On Windows, run this inside WSL: the local stack needs a POSIX shell.');
if (!Object.hasOwn(scripts, command ?? '')) fail(`usage: node infra/local/run.mjs ${Object.keys(scripts).join('|')}`);
if (!installed(manifestHash())) {
  const failure = await withInstallLock(async () => {
    const hash = manifestHash();
    if (installed(hash)) return undefined;
    const problem = await install();
    if (!problem) writeFileSync(stampFile, hash);
    return problem;
  });
  if (failure) fail(failure);
}
handOver(scripts[command], args);

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const stepTimeoutMs = 90_000;

/** A server program and the environment that it needs to find its libraries. */
export type RedisProgram = { readonly command: string; readonly environment: NodeJS.ProcessEnv };

/**
 * Gets Debian's (or Ubuntu's) redis-server without installing it and without root: package lists of our own, the package
 * and those of its libraries that this system lacks, unpacked into `folder`. Kept there for the next run. Returns
 * undefined where that cannot be done (another system, no network); `note` hears why.
 */
export async function unpackRedisPackage(
  folder: string,
  note: (reason: string) => void,
): Promise<RedisProgram | undefined> {
  const unpacked = join(folder, 'unpacked');
  if (!existsSync(unpacked)) {
    // A folder of this process: two runs may do this at the same time, and the last rename wins.
    const work = join(folder, `work-${process.pid}`);
    try {
      await download(work);
      if (!existsSync(unpacked)) renameSync(join(work, 'unpacked'), unpacked);
    } catch (error) {
      note(`Debian's redis-server could not be fetched: ${firstLine(error)}`);
      return undefined;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const program = programIn(unpacked);
  try {
    await run(program.command, ['--version'], { env: program.environment, timeout: stepTimeoutMs });
    return program;
  } catch (error) {
    rmSync(unpacked, { recursive: true, force: true });
    note(`Debian's redis-server does not run here: ${firstLine(error)}`);
    return undefined;
  }
}

async function download(work: string): Promise<void> {
  const lists = join(work, 'lists');
  const archives = join(work, 'archives');
  const unpacked = join(work, 'unpacked');
  for (const made of [join(lists, 'partial'), join(work, 'cache', 'archives', 'partial'), archives, unpacked]) {
    mkdirSync(made, { recursive: true });
  }
  const own = ['-q', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${join(work, 'cache')}`];
  const patience = ['-o', 'Debug::NoLocking=1', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
  const aptGet = (...args: string[]) =>
    run('apt-get', [...own, ...patience, ...args], { cwd: archives, timeout: stepTimeoutMs, env: plainEnvironment() });
  await aptGet('update');
  const plan = await aptGet('--simulate', '--reinstall', '--no-install-recommends', 'install', 'redis-server');
  const packages = parseInstallPlan(plan.stdout);
  if (packages.length === 0) throw new Error('apt-get would install nothing for redis-server');
  await aptGet('download', ...packages);
  for (const archive of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', join(archives, archive), unpacked], { timeout: stepTimeoutMs });
  }
}

/** The packages of an `apt-get --simulate install`: its lines "Inst <name> [old] (new ...)". */
export function parseInstallPlan(output: string): string[] {
  return [...output.matchAll(/^Inst (\S+) /gm)].map((match) => match[1]!);
}

function programIn(unpacked: string): RedisProgram {
  const libraries = ['usr/lib', 'lib'].flatMap((name) => {
    const folder = join(unpacked, name);
    if (!existsSync(folder)) return [];
    // Libraries lie in a folder named after the machine, such as x86_64-linux-gnu.
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'))
      .map((entry) => join(folder, entry.name));
  });
  const environment = { ...plainEnvironment(), LD_LIBRARY_PATH: libraries.join(':') };
  return { command: join(unpacked, 'usr', 'bin', 'redis-server'), environment };
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' };
}

function firstLine(error: unknown): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
  if (code === 'ENOENT') return 'there is no apt-get here';
  return (stderr?.trim() || message).split('\n')[0]!;
}

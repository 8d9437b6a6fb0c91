import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { RunAs } from './run-as.ts';

export const databaseName = 'outrigger';
export const databaseUser = 'outrigger';

/** The environment of PostgreSQL's programs: nothing of ours, so that PGDATA, LANG and the like cannot change them. */
export const postgresEnvironment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Files of one cluster inside its folder. */
export function clusterFiles(folder: string) {
  return { data: join(folder, 'data'), password: join(folder, 'password'), log: join(folder, 'postgres.log') };
}

/**
 * Makes the cluster on first use: initdb, a random password for its one user, a database. Half a cluster is never left
 * under the final name. Returns the problem when it failed.
 */
export async function createCluster(
  binaries: PostgresBinaries,
  runAs: RunAs,
  folder: string,
  options: { readonly durable: boolean },
): Promise<string | undefined> {
  const files = clusterFiles(folder);
  if (existsSync(files.data)) return undefined;
  const unfinished = join(folder, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(files.password, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (runAs.fileOwner !== undefined) chownSync(files.password, runAs.fileOwner.userId, runAs.fileOwner.groupId);
  // The C locale and the builtin provider behave alike on every system, whatever its locales are.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = [`--username=${databaseUser}`, `--pwfile=${files.password}`, '--auth=scram-sha-256'];
  const sync = options.durable ? [] : ['--no-sync'];
  const initdb = await runToEnd(runAs, [binaries.initdb, '-D', unfinished, ...locale, ...access, ...sync], '');
  if (initdb.code !== 0) return `initdb failed:\n${initdb.output}`;
  const single = [binaries.postgres, '--single', '-D', unfinished, '-c', `fsync=${options.durable ? 'on' : 'off'}`];
  const created = await runToEnd(runAs, [...single, 'postgres'], `CREATE DATABASE ${databaseName}\n`);
  if (created.code !== 0 || created.output.includes('ERROR')) return `could not create a database:\n${created.output}`;
  chmodSync(unfinished, 0o700);
  renameSync(unfinished, files.data);
  return undefined;
}

/** The URL of the cluster's database, with the password that was made for it. */
export function clusterUrl(folder: string, port: number): string {
  const password = readFileSync(clusterFiles(folder).password, 'utf8').trim();
  return `postgres://${databaseUser}:${password}@127.0.0.1:${port}/${databaseName}`;
}

function runToEnd(runAs: RunAs, words: readonly string[], input: string): Promise<{ code: number; output: string }> {
  const [command = '', ...args] = [...runAs.prefix, ...words];
  const child = spawn(command, args, { cwd: '/', env: postgresEnvironment, uid: runAs.userId, gid: runAs.groupId });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  child.stdin.on('error', () => {}); // it ended early; its exit code tells why
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output: output.trim() }));
  });
}

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What `postmaster.pid` in a data folder says (PostgreSQL documentation, "postmaster.pid": one fact a line). */
export type PostmasterLock = { readonly processId: number; readonly port: number | undefined };

export function parsePostmasterLock(text: string): PostmasterLock | undefined {
  const lines = text.split('\n');
  const processId = Number(lines[0]);
  const port = Number(lines[3]);
  // A server in single-user mode writes its process id negated.
  if (!Number.isInteger(processId) || processId === 0) return undefined;
  return { processId: Math.abs(processId), port: port > 0 ? port : undefined };
}

/**
 * Finds the server that runs on a data folder. A lock file whose process is gone, or is some other program that got the
 * same number (common in containers and after a reboot), is stale and removed: PostgreSQL itself would refuse the latter.
 */
export function findRunningServer(dataFolder: string): PostmasterLock | undefined {
  const lockFile = join(dataFolder, 'postmaster.pid');
  const lock = parsePostmasterLock(readOrEmpty(lockFile));
  if (lock === undefined) return undefined;
  const command = commandOf(lock.processId);
  if (command === undefined) return undefined; // PostgreSQL clears the lock of a process that is gone
  // A zombie (a container without an init process keeps them) serves nobody.
  if (command.includes('postgres') && !command.includes('defunct')) return lock;
  rmSync(lockFile, { force: true });
  return undefined;
}

/** Waits for a server that is on its way out, as after its supervisor was killed; returns it when it stays. */
export async function waitForNoServer(dataFolder: string, timeoutMs: number): Promise<PostmasterLock | undefined> {
  const deadlineAt = Date.now() + timeoutMs;
  for (;;) {
    const server = findRunningServer(dataFolder);
    if (server === undefined || Date.now() >= deadlineAt) return server;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The command line of a process, or undefined when there is no such process. */
function commandOf(processId: number): string | undefined {
  const fromProc = readOrEmpty(`/proc/${processId}/cmdline`);
  if (fromProc !== '') return fromProc.replaceAll('\0', ' ');
  const { stdout } = spawnSync('ps', ['-p', String(processId), '-o', 'args='], { encoding: 'utf8' });
  return stdout?.trim() || undefined;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a process ended: its exit code, or the signal that ended it. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type LeashedProcess = {
  readonly processId: number;
  readonly exited: Promise<Exit>;
  /** Asks with `signal`, waits `graceMs`, then kills the process and all it started. */
  readonly stop: (signal: NodeJS.Signals, graceMs: number) => Promise<Exit>;
  readonly kill: () => void;
};

export type LeashedCommand = {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly workingFolder: string;
  /** Called for each line of stdout and stderr, without its line end. */
  readonly onLine: (line: string) => void;
  /** What the process gets when we die without stopping it (SIGKILL, crash). */
  readonly orphanSignal: NodeJS.Signals;
  readonly userId?: number;
  readonly groupId?: number;
};

/**
 * The leash: a shell that leaves a watcher behind and then becomes the command (same process id). The watcher reads a
 * pipe that we hold. A line means "released"; end of file means that we are gone, and it signals the command. Nothing
 * else does this on both Linux and macOS without a helper program. The watcher is orphaned on purpose: Postgres minds
 * children that it does not know.
 */
const leashScript =
  'signal=$1; shift; exec 3<&0 </dev/null; ' +
  '( { read -r released <&3 || kill -s "$signal" $$; } >/dev/null 2>&1 & : ); exec "$@" 3<&-';

/**
 * Starts a command in a process group of its own, so that Ctrl-C in the terminal reaches us alone and we stop what we
 * started in our order, and on a leash, so that nothing is left running when we are killed.
 */
export function startLeashed(wanted: LeashedCommand): LeashedProcess {
  const args = ['-c', leashScript, 'sh', wanted.orphanSignal.slice(3), wanted.command, ...wanted.args];
  const child = spawn('/bin/sh', args, {
    cwd: wanted.workingFolder,
    env: wanted.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    uid: wanted.userId,
    gid: wanted.groupId,
  });
  child.stdin.on('error', () => {}); // the watcher may be gone before the release is written
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', wanted.onLine);
  const exited = exitOf(child, wanted.onLine);
  const kill = () => signalGroup(child, 'SIGKILL');
  return {
    processId: child.pid ?? -1,
    exited,
    kill,
    stop: async (signal, graceMs) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(kill, graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

function exitOf(child: ChildProcess, onLine: (line: string) => void): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      onLine(`could not be started: ${error.message}`);
      resolve({ code: 127, signal: null });
    });
    child.once('exit', () => child.stdin?.end('released\n'));
    // 'close' comes after the last line of output; a grandchild that keeps the pipes open must not hold us up.
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), 1_000).unref());
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** An exit in words: "exit code 1", "SIGKILL". */
export function describeExit(exit: Exit): string {
  return exit.signal ?? `exit code ${exit.code}`;
}

import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';

/** How a program is started as somebody who may be another user than ourselves. */
export type RunAs = {
  readonly description: string;
  /** Set when the process is to change its user before it starts. */
  readonly userId?: number;
  readonly groupId?: number;
  /** Words that go before the command. */
  readonly prefix: readonly string[];
  /** Who must own the files that the program writes; absent: whoever we are. */
  readonly fileOwner?: { readonly userId: number; readonly groupId: number };
};

export type RunAsChoice =
  | { readonly kind: 'chosen'; readonly runAs: RunAs }
  | { readonly kind: 'none'; readonly problem: string };

const asMyself: RunAs = { description: 'as the current user', prefix: [] };

/**
 * The ways for root to run a program that refuses to be root (PostgreSQL does), best first. No user is created.
 * - `nobody`: enough where that user can enter the folder.
 * - `nobody` that may pass closed folders: below a folder with mode 0700, such as /root or what `mktemp -d` makes.
 *   `no_setuid_fixup` because PostgreSQL asks access(2) about its own binary, which otherwise forgets the capability.
 * - a user namespace in which root is called `nobody`: where capabilities may not be handed on.
 */
export function waysForRoot(nobody: { readonly userId: number; readonly groupId: number }): readonly RunAs[] {
  const { userId, groupId } = nobody;
  const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup'];
  return [
    { description: 'as nobody', userId, groupId, prefix: [], fileOwner: nobody },
    {
      description: 'as nobody, allowed to pass closed folders (setpriv)',
      prefix: ['setpriv', `--reuid=${userId}`, `--regid=${groupId}`, '--clear-groups', ...capability],
      fileOwner: nobody,
    },
    {
      description: 'as nobody of a user namespace (unshare)',
      prefix: ['unshare', '--user', `--map-user=${userId}`, `--map-group=${groupId}`],
      fileOwner: { userId: 0, groupId: 0 },
    },
  ];
}

/**
 * Chooses how `program` is run with `folder` as the place that it writes to. Each way is tried for real: enter the
 * folder, write there, start the program. The folder belongs to the right owner afterwards.
 */
export function chooseRunAs(program: string, folder: string): RunAsChoice {
  if (process.getuid?.() !== 0) return { kind: 'chosen', runAs: asMyself };
  const nobody = findUser('nobody', readFileSync('/etc/passwd', 'utf8'));
  if (nobody === undefined) return { kind: 'none', problem: 'there is no user "nobody" in /etc/passwd to run it as' };
  for (const runAs of waysForRoot(nobody)) {
    giveFolder(folder, runAs);
    if (works(runAs, program, folder)) return { kind: 'chosen', runAs };
  }
  return {
    kind: 'none',
    problem:
      `this is root, and no other user could be used to run it in ${folder} (tried nobody, setpriv and unshare). ` +
      'Run the command as an ordinary user, or set OUTRIGGER_DATA_DIR to a folder that everyone can enter',
  };
}

function giveFolder(folder: string, runAs: RunAs): void {
  if (runAs.fileOwner === undefined) return;
  const { userId, groupId } = runAs.fileOwner;
  if (statSync(folder).uid !== userId) {
    // What an earlier run left there, under another way, changes hands with the folder.
    if (spawnSync('chown', ['-R', `${userId}:${groupId}`, folder]).status !== 0) chownSync(folder, userId, groupId);
  }
}

function works(runAs: RunAs, program: string, folder: string): boolean {
  // `test -r` asks access(2) as PostgreSQL does; --version alone would let a closed folder through.
  const probe = 'cd "$1" && : > .probe && rm .probe && test -r "$2" && exec "$2" --version';
  const [command = 'sh', ...args] = [...runAs.prefix, 'sh', '-c', probe, 'sh', folder, program];
  const result = spawnSync(command, args, { cwd: '/', stdio: 'ignore', uid: runAs.userId, gid: runAs.groupId });
  return result.status === 0;
}

/** Finds a user in the text of a passwd file. */
export function findUser(name: string, passwd: string): { userId: number; groupId: number } | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find((line) => line[0] === name);
  const userId = Number(fields?.[2]);
  const groupId = Number(fields?.[3]);
  return Number.isInteger(userId) && Number.isInteger(groupId) && userId > 0 ? { userId, groupId } : undefined;
}

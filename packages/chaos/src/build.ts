import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A guard that is taken out of a copy of the product, to show that the check sees what the guard prevents. */
export type Sabotage = 'claim' | 'journal' | 'commit';
export const SABOTAGES: readonly Sabotage[] = ['claim', 'journal', 'commit'];
/** A build that a later release could be: it writes jobs of a version that today's cannot read, and reads both. */
export type Variant = Sabotage | 'newer';

type Patch = { file: string; find: string; put: string };

/** `commit` needs no patch: it is an option of the database. See `weakenCommits`. */
const PATCHES: Record<Variant, Patch[]> = {
  // A claim takes a batch whether or not a worker has it.
  claim: [
    {
      file: 'packages/store/src/claim.ts',
      find: 'WHERE b.token IS NULL AND b.eligible_at <= now()',
      put: 'WHERE b.eligible_at <= now()',
    },
  ],
  // The journal is read and not believed: everything that a dead worker held counts as never begun.
  journal: [
    {
      file: 'packages/pipeline/src/journal-settler.ts',
      find: 'if (!entry && complete) return [];',
      put: 'if (complete) return [];',
    },
  ],
  commit: [],
  newer: [
    {
      file: 'packages/queue/src/job.ts',
      find: '    v: 1,\n    batch_id: job.batchId,',
      put: '    v: 2,\n    batch_id: job.batchId,\n    added_later: true,',
    },
    { file: 'packages/queue/src/job.ts', find: 'if (v !== 1) return', put: 'if (v !== 1 && v !== 2) return' },
  ],
};

/**
 * Copies the product's sources, so that a long run is not disturbed by edits, and changes it when asked. Links between
 * packages are relative and so lead to the copies; libraries are the installed ones. Returns the copy's root.
 */
export function makeBuild(repositoryRoot: string, folder: string, variant?: Variant): string {
  mkdirSync(folder, { recursive: true });
  for (const part of ['packages', 'services']) {
    cpSync(join(repositoryRoot, part), join(folder, part), { recursive: true, verbatimSymlinks: true });
  }
  cpSync(join(repositoryRoot, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'), 'dir');
  for (const patch of variant ? PATCHES[variant] : []) {
    const path = join(folder, patch.file);
    writeFileSync(path, applyPatch(readFileSync(path, 'utf8'), patch));
  }
  return folder;
}

/** Throws unless the line is there exactly once: a sabotage that missed its line would prove nothing. */
export function applyPatch(text: string, { file, find, put }: Patch): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
  return parts.join(put);
}

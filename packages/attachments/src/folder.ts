import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FileAnswer,
  type FolderOwner,
  fileProblem,
  folderOf,
  MAX_ATTACHMENT_BYTES,
  pathProblem,
  type ReadFile,
  TOO_LARGE,
} from '@outrigger/core';

/** Files of a folder on this machine. A link anywhere below the folder counts as missing: it could lead out of it. */
export function readFromFolder(root: string): ReadFile {
  return async (owner, path, signal) => {
    const problem = pathProblem(path);
    if (problem) return { gone: `the path ${problem}` };
    try {
      return await readBelow(root, owner, path, signal);
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      return GONE.has(code) ? { gone: 'there is no such file' } : { later: `the folder answered ${code}` };
    }
  };
}

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'ENXIO']);

async function readBelow(root: string, owner: FolderOwner, path: string, signal: AbortSignal): Promise<FileAnswer> {
  const base = await realpath(root).catch(() => undefined);
  if (base === undefined) return { later: 'the folder is not there' };
  const wanted = join(base, ...folderOf(owner), ...path.split('/'));
  // NONBLOCK: to open a named pipe would otherwise wait for somebody who writes into it.
  const handle = await open(wanted, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) return { gone: 'there is no such file' };
    // What was opened is looked at, and not the name: a folder above it may be a link, or become one meanwhile.
    const named = (await realpath(wanted)) === wanted ? await stat(wanted) : undefined;
    if (named?.ino !== found.ino || named.dev !== found.dev) return { gone: 'there is no such file' };
    if (found.size > MAX_ATTACHMENT_BYTES) return { gone: TOO_LARGE };
    const bytes = await readUpTo(handle, MAX_ATTACHMENT_BYTES + 1, signal);
    if (bytes === undefined) return { later: 'the folder did not answer in time' };
    const problem = fileProblem(bytes);
    return problem ? { gone: problem } : { bytes };
  } finally {
    await handle.close();
  }
}

/** A file may grow while it is read, so its size is no promise. */
async function readUpTo(handle: FileHandle, most: number, signal: AbortSignal): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for (let length = 0; length < most; ) {
    if (signal.aborted) return undefined;
    const chunk = Buffer.allocUnsafe(Math.min(256 * 1024, most - length));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, length);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

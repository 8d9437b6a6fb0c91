import { accessSync, constants, mkdirSync } from 'node:fs';

/** Makes a folder when it is missing. Returns what to do when it cannot be written, as after an earlier run as root. */
export function prepareFolder(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `${folder} cannot be written (${code}): delete it if an earlier run as another user made it, or set OUTRIGGER_DATA_DIR`;
  }
}

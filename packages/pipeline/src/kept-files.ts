import { type Pool, readAttachmentFile } from '@outrigger/store';

const MOST_BYTES = 32 * 1024 * 1024;

/** The files of versions by their digest: what many messages share is read once, and is the same object for all of them. */
export function createKeptFiles(pool: Pool) {
  const kept = new Map<string, { bytes: Promise<Buffer>; length: number }>();
  let total = 0;

  function makeRoom(): void {
    for (const [key, { length }] of kept) {
      if (total <= MOST_BYTES || kept.size === 1) return;
      kept.delete(key);
      total -= length;
    }
  }

  return function keptFile(tenantId: number, digest: string): Promise<Buffer> {
    const key = `${tenantId} ${digest}`;
    const known = kept.get(key);
    if (known) {
      kept.delete(key);
      kept.set(key, known);
      return known.bytes;
    }
    const entry = { bytes: read(), length: 0 };
    kept.set(key, entry);
    entry.bytes.then(
      ({ length }) => {
        if (kept.get(key) !== entry) return;
        entry.length = length;
        total += length;
        makeRoom();
      },
      () => kept.delete(key),
    );
    return entry.bytes;

    async function read(): Promise<Buffer> {
      const bytes = await readAttachmentFile(pool, tenantId, digest);
      if (!bytes) throw new Error(`the file ${digest} of a version is not in the ledger`);
      return bytes;
    }
  };
}

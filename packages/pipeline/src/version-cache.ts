import type { VersionDefinition } from '@outrigger/contracts';
import { type CompiledContent, type LoadedContent, loadContent } from '@outrigger/render';
import { type Pool, readVersion } from '@outrigger/store';
import { type LoadedTreatment, loadTreatments } from './treatment.ts';

/** A frozen version, ready to render. Versions never change, so one is loaded once a process. */
export type LoadedVersion<Settings> = {
  versionId: string;
  definition: VersionDefinition;
  settings: Settings;
  content: LoadedContent;
  /** The arms of an experiment; absent without one. */
  treatments?: [LoadedTreatment, ...LoadedTreatment[]];
};

/** About 25 kB a version (measured), so 2,000 of them cost 50 MB at most. */
const MAX_VERSIONS = 2_000;

/** Loads versions by id and keeps the most recently used ones. Throws when the ledger is away. */
export function createVersionCache<Settings>(pool: Pool) {
  const kept = new Map<string, Promise<LoadedVersion<Settings>>>();

  async function load(versionId: string): Promise<LoadedVersion<Settings>> {
    const version = await readVersion(pool, versionId);
    if (!version) throw new Error(`version ${versionId} of an accepted message is not in the ledger`);
    return {
      versionId,
      definition: version.definition as unknown as VersionDefinition,
      settings: version.settings as Settings,
      content: loadContent(version.compiled as unknown as CompiledContent),
      ...loadTreatments(version),
    };
  }

  return function loadVersion(versionId: string): Promise<LoadedVersion<Settings>> {
    const known = kept.get(versionId);
    const version = known ?? load(versionId);
    kept.delete(versionId);
    kept.set(versionId, version);
    if (!known) {
      version.catch(() => kept.delete(versionId));
      if (kept.size > MAX_VERSIONS) kept.delete(kept.keys().next().value!);
    }
    return version;
  };
}

export type LoadVersion<Settings> = ReturnType<typeof createVersionCache<Settings>>;

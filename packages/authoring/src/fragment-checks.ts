import { compileContent, expandFragments } from '@outrigger/render';
import { type Fragment, type Pool, recordPublication } from '@outrigger/store';
import { readLibrary } from './sources.ts';

export type Publication =
  | { kind: 'published'; fragment: Fragment }
  | { kind: 'invalid'; problems: string[] }
  | { kind: 'changed' };

/**
 * Publishes what the author works on: from now on activations use it, and live campaigns take it up (refresh.ts). A fragment
 * that was published before may read fewer attributes than it did first, never others, because the callers of live campaigns
 * would not send them (spec 4.4).
 */
export async function publishFragment(pool: Pool, fragment: Fragment): Promise<Publication> {
  const { fragments } = await readLibrary(pool, fragment.tenantId, [fragment.content.source]);
  // The fragment itself is one level; what it names is the last one.
  const expanded = expandFragments(fragment.content.source, fragments, 2);
  const { compiled, problems } = await compileContent({
    fragment: { format: 'liquid', escape: 'none', source: expanded.source },
  });
  const found = [...expanded.findings, ...problems]
    .filter(({ level }) => level === 'ERROR')
    .map(({ line, message }) => (line === undefined ? message : `Line ${expanded.lineOf(line)}: ${message}`));
  const { attributes } = fragment;
  const read = compiled?.variables ?? [];
  const added = attributes === null ? [] : read.filter((path) => !attributes.includes(path));
  if (added.length > 0) {
    found.push(`A published fragment cannot begin to read ${added.join(', ')}; duplicate it under a new name.`);
  }
  if (fragment.archived) found.push('The fragment is archived; take it out of the archive first.');
  const result = found.length > 0 ? { problems: found } : { attributes: attributes ?? read };
  const recorded = await recordPublication(pool, fragment, result);
  if (!recorded) return { kind: 'changed' };
  return found.length > 0 ? { kind: 'invalid', problems: found } : { kind: 'published', fragment: recorded };
}

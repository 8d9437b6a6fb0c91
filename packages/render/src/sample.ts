import type { JsonObject, JsonValue } from '@outrigger/core';
import { type Path, parsePath } from './compile/variables.ts';

/**
 * Example data for a version's variables, as a sample call shows it (spec 6.7): `<string>` where a value goes, arrays
 * with one element. `profile` and `context` are absent when the content reads nothing of them.
 */
export function sampleData(variables: string[]): { profile?: JsonObject; context?: JsonObject } {
  const root: Branch = new Map();
  for (const variable of variables) grow(root, parsePath(variable));
  const data: { profile?: JsonObject; context?: JsonObject } = {};
  for (const name of ['profile', 'context'] as const) {
    const branch = root.get(name);
    // `{% for pair in context %}` reads no field by name.
    if (branch) data[name] = branch.size === 0 || branch.has(null) ? {} : (sampleOf(branch) as JsonObject);
  }
  return data;
}

/** Children by name; `null` is the element of an array. */
type Branch = Map<string | null, Branch>;

function grow(branch: Branch, path: Path): void {
  let at = branch;
  for (const step of path) {
    const next: Branch = at.get(step) ?? new Map();
    at.set(step, next);
    at = next;
  }
}

function sampleOf(branch: Branch): JsonValue {
  if (branch.size === 0) return '<string>';
  const element = branch.get(null);
  if (element) return [sampleOf(element)];
  // Plain assignment would treat a field named `__proto__` as the prototype.
  return Object.fromEntries([...branch].map(([name, child]) => [name ?? '', sampleOf(child)]));
}

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SavedScenario, SCENARIOS } from '../../packages/chaos/src/scenarios/index.ts';
import { formatTable } from './markdown.ts';

/** The saved scenarios of `pnpm chaos --scenario=…`, each with what it found. */
export function scenarioBlock(root: string): string {
  const saved = globSync('docs/proof/scenario-*.json', { cwd: root })
    .sort()
    .map((path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as SavedScenario);
  if (saved.length === 0) return 'No scenario is saved.';
  return saved.map(section).join('\n\n');
}

function section(saved: SavedScenario): string {
  const { scenario, queues, size, outcome, seed, at, commit, machine } = saved;
  const rows = saved.rows.map(([what, value]) => [what, String(value)]);
  return [
    `**${scenario}**, queues on ${queues}, ${size} (${SCENARIOS[scenario].sizeOf}): ${outcome}`,
    formatTable(['what', 'found'], rows),
    `${at.slice(0, 10)}, commit ${commit}, seed ${seed}, ${machine}`,
    ...saved.broken.map((sentence) => `- broken: ${sentence}`),
  ].join('\n\n');
}

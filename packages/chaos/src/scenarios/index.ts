import { withSystem } from '../system.ts';
import { flood } from './flood.ts';
import { flush } from './flush.ts';
import { outage } from './outage.ts';
import { priority } from './priority.ts';
import { rolling } from './rolling.ts';
import type { Scenario, ScenarioName, ScenarioOptions, ScenarioReport } from './scenario.ts';

export const SCENARIOS: Record<ScenarioName, Scenario> = { outage, priority, flush, rolling, flood };

/** What a saved scenario looks like: docs/proof/scenario-*.json, from which a block of docs/guarantees.md is made. */
export type SavedScenario = ScenarioReport & {
  scenario: ScenarioName;
  at: string;
  commit: string;
  machine: string;
  queues: string;
  seed: number;
  size: number;
  outcome: 'kept' | 'broken';
};

export async function runScenario(name: ScenarioName, options: ScenarioOptions): Promise<ScenarioReport> {
  const scenario = SCENARIOS[name];
  return withSystem({ ...options, ...scenario.system }, (system) => scenario.run(system, options));
}

/** The report for people. */
export function describeScenario(saved: SavedScenario): string[] {
  const width = Math.max(...saved.rows.map(([what]) => what.length));
  return [
    '',
    `scenario ${saved.scenario}, queues on ${saved.queues}, seed ${saved.seed}: ${saved.outcome.toUpperCase()}`,
    ...saved.rows.map(([what, value]) => `${what.padEnd(width)}  ${value}`),
    ...saved.broken.map((sentence) => `BROKEN: ${sentence}`),
  ];
}

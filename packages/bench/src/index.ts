export type { RunResult } from './run.ts';
export { SCENARIOS, type Scenario } from './scenarios.ts';
export type { Summary } from './summary.ts';

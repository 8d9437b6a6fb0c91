export { type CheckInput, check, type LaneCount, type Rule, type Verdict } from './check.ts';
export { outcomeOf, type SavedRun } from './report.ts';
export { type RunOptions, type RunResult, runChaos } from './run.ts';

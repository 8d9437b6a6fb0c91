/** `pnpm chaos`: breaks everything under load and checks that nothing is lost or doubled unmarked. See docs/guarantees.md. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolderOf, repositoryRoot } from '@outrigger/local/settings.ts';
import { readOptions, USAGE, type WantedRun, withoutRedis } from './options.ts';
import { describeRun, machineInWords, type SavedRun, saveableRun } from './report.ts';
import { runChaos } from './run.ts';
import { describeScenario, runScenario, type SavedScenario } from './scenarios/index.ts';
import type { ScenarioName } from './scenarios/scenario.ts';
import { redisIsThere } from './stores.ts';

const options = readOptions(process.argv.slice(2), () => Date.now() % 1_000_000);
if (typeof options === 'string') {
  console.error(`${options}\n\n${USAGE}`);
  process.exit(2);
}
const { keep, save, redisMayBeAbsent } = options;
const dataFolder = dataFolderOf(process.env);
const chaosFolder = join(dataFolder, 'chaos');
removeLeftovers();
const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: repositoryRoot, encoding: 'utf8' });
const changed = spawnSync('git', ['status', '--porcelain', 'packages', 'services'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
});
const commit =
  git.status === 0 ? `${git.stdout.trim()}${changed.stdout.trim() === '' ? '' : ' and changes'}` : 'unknown';

const packageFolder = join(dataFolder, 'redis-package');
let { runs } = options;
if (redisMayBeAbsent && !(await redisIsThere(join(chaosFolder, `${process.pid}-probe`), packageFolder))) {
  console.log('NO REDIS WAS FOUND: the runs with queues on Redis are left out');
  runs = withoutRedis(runs);
}
const failures: string[] = [];
if (options.scenario) {
  const saved = await oneScenario(runs[0]!, options.scenario);
  for (const line of describeScenario(saved)) console.log(line);
  if (save) saveJson(`scenario-${saved.scenario}-${saved.queues}`, saved);
  process.exit(saved.outcome === 'kept' ? 0 : 1);
}
for (const wanted of runs) {
  const run = await one(wanted);
  for (const line of describeRun(run)) console.log(line);
  const expected = wanted.sabotage ? 'broken' : 'kept';
  if (run.outcome !== expected) {
    failures.push(
      wanted.sabotage
        ? `without its ${wanted.sabotage} guard the product passed: the check is blind`
        : `queues on ${wanted.queues}, seed ${wanted.seed}: ${run.outcome}`,
    );
  }
  if (save) saveJson(`chaos-${run.queues}${run.sabotage ? `-without-${run.sabotage}` : ''}`, run);
}
console.log(failures.length === 0 ? '\nall runs went as they must' : `\n${failures.join('\n')}`);
process.exit(failures.length === 0 ? 0 : 1);

async function one(wanted: WantedRun): Promise<SavedRun> {
  const name = `${process.pid}-${wanted.queues}-${wanted.sabotage ?? 'whole'}`;
  const folder = join(chaosFolder, name);
  const run = {
    ...wanted,
    repositoryRoot,
    folder,
    packageFolder,
    compileCache: process.env.NODE_COMPILE_CACHE,
    say: (line: string) =>
      console.log(`chaos (${wanted.queues}${wanted.sabotage ? `, no ${wanted.sabotage}` : ''}): ${line}`),
  };
  run.say(`seed ${wanted.seed}, ${wanted.messages} messages, ${wanted.kills} kills`);
  const saved = saveableRun(await runChaos(run), run, commit);
  if (keep) {
    renameSync(folder, join(chaosFolder, `kept-${name}`));
    run.say(`kept ${join(chaosFolder, `kept-${name}`)}`);
  } else rmSync(folder, { recursive: true, force: true });
  return saved;
}

async function oneScenario(
  { queues, seed }: WantedRun,
  { name, size }: { name: ScenarioName; size: number },
): Promise<SavedScenario> {
  const folder = join(chaosFolder, `${process.pid}-${name}`);
  const say = (line: string) => console.log(`${name} (${queues}): ${line}`);
  say(`seed ${seed}, size ${size}`);
  const report = await runScenario(name, { queues, seed, size, repositoryRoot, folder, packageFolder, say });
  if (keep) {
    renameSync(folder, join(chaosFolder, `kept-${process.pid}-${name}`));
  } else rmSync(folder, { recursive: true, force: true });
  return {
    scenario: name,
    at: new Date().toISOString(),
    commit,
    machine: machineInWords(),
    queues,
    seed,
    size,
    outcome: report.broken.length === 0 ? 'kept' : 'broken',
    ...report,
  };
}

/** Removes the folders of runs that were killed. Each begins with the id of its process. */
function removeLeftovers(): void {
  for (const name of existsSync(chaosFolder) ? readdirSync(chaosFolder) : []) {
    const processId = /^\d+/.exec(name)?.[0];
    if (processId === undefined || isAlive(Number(processId))) continue;
    rmSync(join(chaosFolder, name), { recursive: true, force: true });
  }
}

function saveJson(name: string, content: SavedRun | SavedScenario): void {
  const folder = join(repositoryRoot, 'docs', 'proof');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  // The linter looks at JSON too, and folds short lists.
  spawnSync(join(repositoryRoot, 'node_modules', '.bin', 'biome'), ['format', '--write', path]);
  console.log(`saved; \`npm run docs\` brings docs/guarantees.md up to date`);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

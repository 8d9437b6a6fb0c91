/** `pnpm bench`: how fast, how cheap, and whether every message arrived exactly once. See docs/benchmarks/README.md. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolderOf, repositoryRoot } from '@outrigger/local/settings.ts';
import { startNaive } from './naive/naive-target.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { startProbes } from './probes.ts';
import { startProduct } from './product.ts';
import { describeProfiles } from './profile.ts';
import { describe, describeFigures, describeRatios } from './report.ts';
import { type RunResult, runOnce } from './run.ts';
import { describeCommit, describeMachine, savePicture, saveResult } from './save.ts';
import type { Scenario } from './scenarios.ts';
import type { Special, SpecialResult } from './special.ts';
import { medianFigures, summarize } from './summary.ts';

const read = readOptions(process.argv.slice(2));
if (typeof read === 'string') {
  console.error(`${read}\n${USAGE}`);
  process.exit(read === '' ? 0 : 2);
}
const options: Options = read;
const { runs, save, profile, keep } = options;
const dataFolder = dataFolderOf(process.env);
const benchFolder = join(dataFolder, 'bench', String(process.pid));
let versions: Record<string, string> = {};
let broken = false;

/** With two the naive pipeline is faster: a job of it is much work for one event loop. */
const NAIVE_WORKERS = 2;

const DEFAULT_SECONDS = 20;

type Contender = 'outrigger' | 'naive' | 'naive-mjml';

for (const scenario of options.scenarios) await attempt(scenario.name, () => measureScenario(scenario));
for (const special of options.specials) await attempt(special.name, () => measureSpecial(special));
if (save) console.log('`npm run docs` brings docs/benchmarks/README.md up to date');
process.exit(broken ? 1 : 0);

/** One scenario that cannot be run does not keep the others from it. */
async function attempt(name: string, measure: () => Promise<void>): Promise<void> {
  try {
    await measure();
  } catch (error) {
    broken = true;
    console.error(`${name} could not be measured:`, error);
  }
}

async function measureScenario(scenario: Scenario): Promise<void> {
  const contenders: Contender[] = ['outrigger'];
  const all = options.all && scenario.againstNaive;
  if (options.naive || all) contenders.push('naive');
  if (options.naiveMjml || all) contenders.push('naive-mjml');
  const results = new Map<Contender, RunResult[]>(contenders.map((contender) => [contender, []]));
  // In turns, so that what else the machine does meets all of them alike.
  for (let count = 1; count <= runs; count++) {
    for (const contender of contenders) results.get(contender)!.push(await oneRun(scenario, contender, count));
  }
  const summaries = new Map([...results].map(([contender, all]) => [contender, summarize(all)]));
  for (const [contender, summary] of summaries) {
    broken ||= summary.problems.length > 0;
    for (const line of describe(scenario, contender, runs, summary)) console.log(line);
  }
  for (const line of describeRatios(scenario, summaries)) console.log(line);
  keepResult(scenario, {
    goal: scenario.goal,
    workers: options.workers ?? scenario.workers,
    summaries: Object.fromEntries(summaries),
    runs: Object.fromEntries(results),
  });
}

async function measureSpecial(special: Special): Promise<void> {
  const results: SpecialResult[] = [];
  for (let count = 1; count <= runs; count++) results.push(await specialRun(special, count));
  const figures = medianFigures(results);
  const problems = results.flatMap((result) => result.problems);
  broken ||= problems.length > 0;
  for (const line of describeFigures(special, runs, figures, problems)) console.log(line);
  keepResult(special, { figures, problems, runs: results });
}

function keepResult({ name, title }: { name: string; title: string }, result: object): void {
  // Profiling costs a tenth and more: such a run is saved as a picture and not as figures.
  if (!save || profile) return;
  console.log(`  saved ${saveResult(repositoryRoot, name, { scenario: name, title, ...circumstances(), ...result })}`);
}

/** When, where and with what settings a result was taken. */
function circumstances() {
  const { scenarios: _scenarios, specials: _specials, ...settings } = options;
  return {
    at: new Date().toISOString(),
    commit: describeCommit(repositoryRoot),
    machine: describeMachine(),
    versions,
    settings,
  };
}

async function specialRun(special: Special, count: number): Promise<SpecialResult> {
  const folder = join(benchFolder, `${special.name}-${count}`);
  mkdirSync(folder, { recursive: true });
  const say = (line: string) => console.log(`${special.name}${runs > 1 ? ` ${count}/${runs}` : ''}: ${line}`);
  const result = await special.run({
    ...options,
    workers: options.workers ?? 1,
    seconds: options.seconds ?? DEFAULT_SECONDS,
    root: repositoryRoot,
    folder,
    packageFolder: join(dataFolder, 'redis-package'),
    say,
  });
  versions = { ...versions, ...result.versions };
  if (keep) say(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  return result;
}

async function oneRun(scenario: Scenario, contender: Contender, count: number): Promise<RunResult> {
  const folder = join(benchFolder, `${scenario.name}-${contender}-${count}`);
  const profileFolder = profile ? join(folder, 'profiles') : undefined;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const say = (line: string) =>
    console.log(`${scenario.name}, ${contender}${runs > 1 ? ` ${count}/${runs}` : ''}: ${line}`);
  say('starting stores and services');
  const probes = await startProbes(profileFolder);
  const system = {
    root: repositoryRoot,
    folder,
    packageFolder: join(dataFolder, 'redis-package'),
    providerUrl: probes.provider.url,
    workers: options.workers ?? (contender === 'outrigger' ? scenario.workers : NAIVE_WORKERS),
    ...(profileFolder !== undefined && { profileFolder }),
  };
  let result: RunResult;
  try {
    const target = await (contender === 'outrigger'
      ? startProduct(scenario, system)
      : startNaive(scenario, system, contender === 'naive-mjml'));
    versions = { ...versions, ...target.versions };
    try {
      result = await runOnce(target, probes, {
        warmUpSeconds: options.warmUpSeconds,
        seconds: options.seconds ?? ((contender === 'outrigger' && scenario.longSeconds) || DEFAULT_SECONDS),
        connections: options.connections,
        outstanding: options.outstanding,
        ...(options.rate !== undefined && { rate: options.rate }),
        folder,
        say,
      });
    } finally {
      await target.stop();
    }
  } finally {
    await probes.stop();
  }
  if (profileFolder) {
    const lines = describeProfiles(profileFolder, result.top ?? result.paced);
    for (const line of lines) console.log(line);
    writeFileSync(join(profileFolder, 'summary.txt'), `${lines.join('\n')}\n`);
    if (save) {
      const name = contender === 'outrigger' ? scenario.name : `${scenario.name}-${contender}`;
      say(`saved ${savePicture(repositoryRoot, name, profileFolder, result.top ?? result.paced)}`);
    }
  }
  if (keep || profile) say(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  return result;
}

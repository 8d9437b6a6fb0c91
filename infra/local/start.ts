// `npm start`: the whole stack on this machine, stores included, until Ctrl-C. Started by run.mjs.
import { join, relative } from 'node:path';
import { formatLine } from './log-lines.ts';
import { formatElapsed, type Screen } from './phases.ts';
import { processTable } from './process-table.ts';
import { seedProblem, startSeed } from './seed-process.ts';
import { readSettings, type StackSettings } from './settings.ts';
import { killStack, type Stack, type StackOutput, startStack, stopStack } from './stack.ts';
import { watchForStop } from './stop-requests.ts';

const settingsResult = readSettings(process.argv.slice(2), process.env, processTable);
if (settingsResult.kind === 'settings') {
  process.exitCode = await run(settingsResult.settings);
} else if (settingsResult.kind === 'help') {
  process.stdout.write(`${settingsResult.text}\n`);
} else {
  process.stderr.write(`outrigger: ${settingsResult.problem}\n`);
  process.exitCode = 1;
}
process.exit(); // an idle connection must not keep us: everything that matters is stopped

/** Starts, waits for a reason to stop, stops in order. Returns the exit code: 0 when somebody asked for the stop. */
async function run(settings: StackSettings): Promise<number> {
  const output = outputOf(settings);
  const stack: Stack = { services: [], stores: [] };
  const stopRequested = watchForStop(() => {
    killStack(stack);
    process.exit(130);
  });
  const problem = await Promise.race([
    runUntilProblem(stack, settings, output, stopRequested),
    stopRequested.then(() => undefined),
  ]);
  if (problem !== undefined) output.say(problem);
  await stopStack(stack, output.say);
  output.say(problem === undefined ? 'stopped' : 'stopped because of the problem above');
  return problem === undefined ? 0 : 1;
}

/** Resolves with what went wrong; while nothing does, never. */
async function runUntilProblem(
  stack: Stack,
  settings: StackSettings,
  output: StackOutput,
  stopRequested: Promise<unknown>,
): Promise<string> {
  const startedAt = performance.now();
  const problem = await startStack(stack, settings, processTable, output);
  if (problem !== undefined) return problem;
  output.say(`ready in ${formatElapsed(performance.now() - startedAt)}`);
  describe(stack, settings, output.say);
  const seed = settings.seed ? startSeed(stack, settings, output.show) : undefined;
  if (seed !== undefined) {
    const trouble = await Promise.race([seedProblem(seed), stopRequested.then(seed.kill)]);
    if (trouble !== undefined) output.say(trouble);
  }
  const never = new Promise<never>(() => {});
  await (stack.postgres?.process.exited ?? never);
  return `PostgreSQL ended by itself; ${join(settings.dataFolder, 'postgres', 'postgres.log')} says why`;
}

function outputOf(settings: StackSettings): StackOutput {
  const isTerminal = process.stdout.isTTY === true;
  const names = processTable.map(({ name }) => name);
  const style = {
    colour: process.stdout.hasColors?.() === true || Boolean(process.env.FORCE_COLOR),
    sourceWidth: Math.max(...names.map((name) => name.length)),
    leastLevel: settings.quiet ? 40 : 0,
  };
  const show = (text: string) => process.stdout.write(`${isTerminal ? '\r\x1b[K' : ''}${text}\n`);
  const screen: Screen = { write: (text) => process.stdout.write(text), isTerminal };
  return {
    screen,
    show,
    say: (line) => show(`outrigger: ${line}`),
    onLine: (source, line) => {
      const text = settings.logFormat === 'json' ? line : formatLine(source, names.indexOf(source), line, style);
      if (text !== undefined) show(text);
    },
  };
}

function describe(stack: Stack, settings: StackSettings, say: (line: string) => void): void {
  const folder = relative(process.cwd(), settings.dataFolder);
  say(`trigger API        http://127.0.0.1:${settings.servicePorts.get('ingress')}`);
  say(`control, console   http://127.0.0.1:${settings.servicePorts.get('control')}`);
  say(`database           ${stack.postgres?.url ?? 'as DATABASE_URL says'}`);
  say(`queues             ${stack.queueUrl ?? 'in the database (QUEUE_URL=redis://... or --redis for Redis)'}`);
  say(`data               ${folder.startsWith('..') ? settings.dataFolder : folder} (delete it to start anew)`);
  say('Ctrl-C stops everything');
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeExit, type LeashedProcess, startLeashed } from './leashed-process.ts';
import type { StackSettings } from './settings.ts';
import type { Stack } from './stack.ts';

/**
 * Starts the demo seed, which fills the database when it is empty and tells the user what to do next: its lines are shown
 * as they are. Undefined when there is none.
 */
export function startSeed(
  stack: Stack,
  settings: StackSettings,
  show: (line: string) => void,
): LeashedProcess | undefined {
  const script = join(settings.root, 'infra/local/seed.ts');
  if (!existsSync(script)) return undefined;
  return startLeashed({
    command: process.execPath,
    args: [script],
    workingFolder: settings.root,
    onLine: show,
    orphanSignal: 'SIGTERM',
    environment: {
      ...settings.environment,
      DATABASE_URL: stack.databaseUrl,
      QUEUE_URL: stack.queueUrl,
      INGRESS_URL: `http://127.0.0.1:${settings.servicePorts.get('ingress')}`,
      CONTROL_URL: `http://127.0.0.1:${settings.servicePorts.get('control')}`,
    },
  });
}

/** What is said of a seed that ended by itself; undefined when all is well. */
export async function seedProblem(seed: LeashedProcess): Promise<string | undefined> {
  const exit = await seed.exited;
  return exit.code === 0
    ? undefined
    : `the demo data could not be created (${describeExit(exit)}); everything else runs`;
}

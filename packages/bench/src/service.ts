import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, startLeashed } from '@outrigger/local/leashed-process.ts';
import { findFreePort } from '@outrigger/local/ports.ts';

export type Service = { name: string; port: number; processId: number; stop(): Promise<void>; kill(): Promise<void> };
export type ServiceSpec = {
  name: string;
  script: string;
  args?: string[];
  environment: NodeJS.ProcessEnv;
  /** Where a CPU profile is written when it stops; absent: none. */
  profileFolder?: string;
};

const READY = '"event":"service.ready"';
const STOP_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** Starts a service of the product as it runs in production and waits until it serves. A service that dies ends the bench. */
export async function startService(spec: ServiceSpec, root: string, logFolder: string): Promise<Service> {
  const { name } = spec;
  const port = await findFreePort();
  const words = [join(root, spec.script), ...(spec.args ?? [])];
  const logPath = join(logFolder, `${name}.log`);
  const profile = spec.profileFolder
    ? ['--cpu-prof', `--cpu-prof-dir=${spec.profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`]
    : [];
  let stopping = false;
  const started = startLeashed({
    // Its lines go to a file without passing through us: reading them would be CPU that nobody has in production.
    command: '/bin/sh',
    args: ['-c', 'log=$1; shift; exec "$@" >"$log" 2>&1', 'sh', logPath, process.execPath, ...profile, ...words],
    environment: { HOST: '127.0.0.1', PORT: String(port), ...spec.environment },
    workingFolder: root,
    orphanSignal: 'SIGKILL',
    onLine: (line) => console.error(`${name}: ${line}`),
  });
  let ended: string | undefined;
  void started.exited.then((exit) => {
    ended = describeExit(exit);
    if (!stopping) console.error(`${name} ended by itself (${ended}): see ${logPath}`);
  });
  while (!existsSync(logPath) || !readFileSync(logPath, 'utf8').includes(READY)) {
    if (ended !== undefined) throw new Error(`${name} ended before it served (${ended}): see ${logPath}`);
    await delay(LOOK_EVERY_MS);
  }
  return {
    name,
    port,
    processId: started.processId,
    async stop() {
      stopping = true;
      await started.stop('SIGTERM', STOP_WITHIN_MS);
    },
    async kill() {
      stopping = true;
      started.kill();
      await started.exited;
    },
  };
}

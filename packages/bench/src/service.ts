import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { describeExit, startLeashed } from '@outrigger/local/leashed-process.ts';
import { findFreePort } from '@outrigger/local/ports.ts';

export type Service = { name: string; port: number; processId: number; stop(): Promise<void> };
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

/** Starts a service of the product as it runs in production and waits until it serves. A service that dies ends the bench. */
export async function startService(spec: ServiceSpec, root: string, logFolder: string): Promise<Service> {
  const { name } = spec;
  const port = await findFreePort();
  const log = createWriteStream(join(logFolder, `${name}.log`));
  const ready = Promise.withResolvers<void>();
  let stopping = false;
  const profile = spec.profileFolder
    ? ['--cpu-prof', `--cpu-prof-dir=${spec.profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`]
    : [];
  const started = startLeashed({
    command: process.execPath,
    args: [...profile, join(root, spec.script), ...(spec.args ?? [])],
    environment: { HOST: '127.0.0.1', PORT: String(port), ...spec.environment },
    workingFolder: root,
    orphanSignal: 'SIGKILL',
    onLine(line) {
      log.write(`${line}\n`);
      if (line.includes(READY)) ready.resolve();
    },
  });
  void started.exited.then((exit) => {
    ready.reject(
      new Error(`${name} ended before it served (${describeExit(exit)}): see ${join(logFolder, `${name}.log`)}`),
    );
    if (!stopping) console.error(`${name} ended by itself: ${describeExit(exit)}`);
  });
  await ready.promise;
  return {
    name,
    port,
    processId: started.processId,
    async stop() {
      stopping = true;
      await started.stop('SIGTERM', STOP_WITHIN_MS);
      log.end();
    },
  };
}

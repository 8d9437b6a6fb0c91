import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, type LeashedProcess, startLeashed } from './leashed-process.ts';

export type ServiceOptions = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly workingFolder: string;
  /** Where it answers GET /readyz with 200 once it serves. */
  readonly port: number;
  readonly onLine: (line: string) => void;
  /** Hears of deaths and restarts. */
  readonly say: (line: string) => void;
};

export type ServiceProcess = {
  readonly name: string;
  /** Undefined once it serves; else why it does not. A service that dies before it ever served is not restarted. */
  readonly ready: Promise<string | undefined>;
  /** Asks it to stop (SIGTERM), and kills it when it takes longer than its own limit of 25 s. */
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
};

const readyTimeoutMs = 60_000;
const readyProbeEveryMs = 100;
const stopGraceMs = 30_000;
const firstRestartAfterMs = 500;
const longestRestartAfterMs = 30_000;
/** A service that ran this long is well again: its next death counts as the first. */
const healthyAfterMs = 60_000;

/** How long to wait before a restart, after so many deaths in a row (0: the first). */
export function restartDelayMs(deathsBefore: number): number {
  return Math.min(firstRestartAfterMs * 2 ** deathsBefore, longestRestartAfterMs);
}

/** Starts a service and keeps it running: once it has served, it is started again whenever it dies. */
export function runService(options: ServiceOptions): ServiceProcess {
  const stopping = new AbortController();
  let current = start(options);
  const ready = waitUntilReady(options, current, stopping.signal);
  const kept = keepRunning();

  async function keepRunning(): Promise<void> {
    if ((await ready) !== undefined) return;
    for (let deaths = 0; ; deaths++) {
      const startedAt = performance.now();
      const exit = await current.exited;
      if (stopping.signal.aborted) return;
      if (performance.now() - startedAt > healthyAfterMs) deaths = 0;
      const waitMs = restartDelayMs(deaths);
      options.say(`${options.name} died (${describeExit(exit)}), restarting it in ${waitMs / 1000} s`);
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      current = start(options);
      void waitUntilReady(options, current, stopping.signal).then((problem) => {
        if (problem === undefined && !stopping.signal.aborted) options.say(`${options.name} serves again`);
      });
    }
  }

  return {
    name: options.name,
    ready,
    stop: async () => {
      stopping.abort();
      const exit = await current.stop('SIGTERM', stopGraceMs);
      if (exit.signal === 'SIGKILL') options.say(`${options.name} did not stop in time and was killed`);
      await kept;
    },
    kill: () => {
      stopping.abort();
      current.kill();
    },
  };
}

function start(options: ServiceOptions): LeashedProcess {
  return startLeashed({
    command: options.command,
    args: options.args,
    environment: options.environment,
    workingFolder: options.workingFolder,
    onLine: options.onLine,
    orphanSignal: 'SIGTERM',
  });
}

async function waitUntilReady(
  options: ServiceOptions,
  process: LeashedProcess,
  stopping: AbortSignal,
): Promise<string | undefined> {
  const deadlineAt = performance.now() + readyTimeoutMs;
  const died = process.exited.then((exit) => `${options.name} ended before it served (${describeExit(exit)})`);
  while (performance.now() < deadlineAt && !stopping.aborted) {
    const outcome = await Promise.race([died, isReady(options.port)]);
    if (outcome === true) return undefined;
    if (typeof outcome === 'string') return outcome;
    await Promise.race([died, delay(readyProbeEveryMs)]);
  }
  return stopping.aborted
    ? `${options.name} was stopped`
    : `${options.name} was not ready after ${readyTimeoutMs / 1000} s`;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // No keep-alive: an idle connection of ours must not hold up the service's own stop.
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

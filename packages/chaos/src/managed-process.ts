import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, type Exit, type LeashedProcess, startLeashed } from '@outrigger/local/leashed-process.ts';

/** What is started: a program in a folder. */
export type Runnable = { args: string[]; workingFolder: string };
export type ProcessState = 'starting' | 'up' | 'frozen' | 'down';

/** A process that is started again whenever it ends, as a supervisor would. */
export type ManagedProcess = {
  readonly name: string;
  readonly state: ProcessState;
  readonly processId: number;
  /** Deaths that nobody asked for, with how they looked. */
  readonly unasked: string[];
  /** Warnings and errors that it logged, by event. */
  readonly events: Map<string, number>;
  /** Rejects when it cannot be started at all. */
  whenUp(): Promise<void>;
  /** SIGKILL, a frozen process too. Resolves with the id of the process that is gone. */
  kill(): Promise<number>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM, as a deployment does it; the next start is of `next`, when it is given. Resolves with how it ended and how long it took. */
  replace(next?: Runnable): Promise<{ exit: Exit; tookMs: number }>;
  /** SIGTERM, and no start until `resume`. */
  rest(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
};

const READY = '"event":"service.ready"';
const RESTART_AFTER_MS = 300;
const STOP_WITHIN_MS = 30_000;
/** A process that never served and ends this often in a row is wrong, not unlucky. */
const MOST_FALSE_STARTS = 3;

export function manageProcess(options: {
  name: string;
  args: string[];
  environment: NodeJS.ProcessEnv;
  workingFolder: string;
  logPath: string;
}): ManagedProcess {
  const log = createWriteStream(options.logPath, { flags: 'a' });
  const unasked: string[] = [];
  const events = new Map<string, number>();
  let state: ProcessState = 'starting';
  let runnable: Runnable = options;
  let stopping = false;
  let resting = false;
  let served = false;
  let asked = false;
  let current: LeashedProcess;
  let up = Promise.withResolvers<void>();

  function start(): void {
    state = 'starting';
    asked = false;
    const own = startLeashed({
      command: process.execPath,
      args: runnable.args,
      environment: options.environment,
      workingFolder: runnable.workingFolder,
      orphanSignal: 'SIGKILL',
      onLine: (line) => {
        log.write(`${line}\n`);
        note(line, events);
        if (line.includes(READY) && own === current && state === 'starting') {
          state = 'up';
          served = true;
          up.resolve();
        }
      },
    });
    current = own;
    void own.exited.then(async (exit) => {
      const wasUp = state === 'up';
      if (state !== 'down') {
        state = 'down';
        if (wasUp) up = Promise.withResolvers();
      }
      if (stopping) return;
      if (!served && unasked.length === MOST_FALSE_STARTS) {
        up.reject(new Error(`${options.name} does not start: see ${options.logPath}`));
        return;
      }
      if (!asked) unasked.push(`${describeExit(exit)}${wasUp ? '' : ' before it was ready'}`);
      await delay(RESTART_AFTER_MS);
      if (!stopping && !resting) start();
    });
  }
  start();

  async function terminate(): Promise<{ exit: Exit; tookMs: number }> {
    const own = current;
    asked = true;
    if (state === 'up') up = Promise.withResolvers();
    state = 'down';
    const askedAt = performance.now();
    process.kill(own.processId, 'SIGTERM');
    const exit = await own.exited;
    return { exit, tookMs: performance.now() - askedAt };
  }

  return {
    name: options.name,
    get state() {
      return state;
    },
    get processId() {
      return current.processId;
    },
    unasked,
    events,
    whenUp: () => up.promise,
    async kill() {
      const { processId, exited } = current;
      asked = true;
      if (state === 'up' || state === 'frozen') up = Promise.withResolvers();
      state = 'down';
      process.kill(processId, 'SIGKILL');
      await exited;
      return processId;
    },
    freeze() {
      process.kill(current.processId, 'SIGSTOP');
      state = 'frozen';
    },
    thaw() {
      if (state !== 'frozen') return;
      state = 'up';
      process.kill(current.processId, 'SIGCONT');
    },
    async replace(next) {
      if (next) runnable = next;
      return terminate();
    },
    async rest() {
      resting = true;
      await terminate();
    },
    resume() {
      resting = false;
      start();
    },
    async stop() {
      stopping = true;
      if (state === 'frozen') process.kill(current.processId, 'SIGCONT');
      await current.stop('SIGTERM', STOP_WITHIN_MS);
      log.end();
    },
  };
}

function note(line: string, events: Map<string, number>): void {
  if (!/"level":"(warn|error)"/.test(line)) return;
  const event = /"event":"([^"]+)"/.exec(line)?.[1] ?? 'unnamed';
  const error = /"error":"([^"]{0,80})/.exec(line)?.[1];
  const key = error === undefined ? event : `${event}: ${error}`;
  events.set(key, (events.get(key) ?? 0) + 1);
}

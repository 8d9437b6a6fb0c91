import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from '@outrigger/local/ports.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const READY_WITHIN_MS = 90_000;

/** A service of ours as a process, as it runs in production; its JSON log lines are kept for a look when a test fails. */
export type ServiceProcess = {
  name: string;
  url: string;
  pid: number;
  lines: string[];
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: what a crash looks like. */
  kill(): Promise<void>;
};

/** A port that is free when it is looked for can be another process's a second later: then the service starts with the next. */
const MOST_PORTS = 5;

/** Starts `services/<name>` with this environment and waits until it says that it is ready. */
export async function startService(name: string, environment: Record<string, string>): Promise<ServiceProcess> {
  for (let ports = 1; ; ports++) {
    try {
      return await startOnce(name, environment);
    } catch (error) {
      if (ports === MOST_PORTS || !/EADDRINUSE/.test(String(error))) throw error;
    }
  }
}

async function startOnce(name: string, environment: Record<string, string>): Promise<ServiceProcess> {
  const port = await findFreePort();
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'services', name, 'src', 'main.ts')], {
    cwd: ROOT,
    env: { PATH, NODE_COMPILE_CACHE, HOST: '127.0.0.1', PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await ready(name, child, lines, exited);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    lines,
    async stop() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function ready(name: string, child: ChildProcess, lines: string[], exited: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${name} ${why}:\n${lines.slice(-20).join('\n')}`));
    const timer = setTimeout(() => fail('was not ready in time'), READY_WITHIN_MS);
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.includes('"event":"service.ready"')) {
          clearTimeout(timer);
          resolve();
        }
      });
    }
    void exited.then(() => {
      clearTimeout(timer);
      fail('ended before it was ready');
    });
  });
}

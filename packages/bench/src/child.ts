import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process of the bench's own that is talked to over IPC, and ends when we do. */
export type Child<To extends object, From extends { kind: string }> = {
  readonly pid: number;
  send(message: To): void;
  on<Kind extends From['kind']>(kind: Kind, hear: (message: Extract<From, { kind: Kind }>) => void): void;
  next<Kind extends From['kind']>(kind: Kind): Promise<Extract<From, { kind: Kind }>>;
  stop(): Promise<void>;
};

export function startChild<To extends object, From extends { kind: string }>(
  script: string,
  args: string[],
  nodeOptions: string[] = [],
): Child<To, From> {
  const child: ChildProcess = fork(join(import.meta.dirname, script), args, { execArgv: nodeOptions });
  const exited = once(child, 'exit');
  let stopping = false;
  void exited.then(([code]) => {
    if (!stopping) console.error(`${script} ended by itself (${code})`);
  });
  return {
    pid: child.pid!,
    send: (message) => void child.send(message),
    on(kind, hear) {
      child.on('message', (message: From) => {
        if (message.kind === kind) hear(message as Extract<From, { kind: typeof kind }>);
      });
    },
    next(kind) {
      return new Promise((resolve, reject) => {
        const hear = (message: unknown) => {
          if ((message as From).kind !== kind) return;
          child.off('message', hear);
          resolve(message as Extract<From, { kind: typeof kind }>);
        };
        child.on('message', hear);
        void exited.then(() => reject(new Error(`${script} ended`)));
      });
    },
    async stop() {
      stopping = true;
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

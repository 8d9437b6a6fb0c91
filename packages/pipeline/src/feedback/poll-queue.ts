import { setTimeout as delay } from 'node:timers/promises';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import type { NewCallback } from '@outrigger/store';

/** A message of a queue of callbacks. */
export type PolledMessage = { sourceId: string; body: string };

/** A queue as it is polled; `packages/aws-sqs` makes one. */
export type PolledQueue<Polled extends PolledMessage> = {
  receive(signal: AbortSignal): Promise<Polled[]>;
  readonly most: number;
  remove(messages: Polled[]): Promise<void>;
  close(): void;
};

const AFTER_AN_ERROR_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Polls a queue of callbacks with several readers at a time: stores what comes, and deletes it only after the commit, so that
 * what was not stored comes again. `caughtUp` hears up to how many milliseconds ago everything in the queue is in the ledger.
 */
export function pollQueue<Polled extends PolledMessage>(options: {
  source: { provider: string; account: string };
  queue: PolledQueue<Polled>;
  readers: number;
  store(callback: NewCallback): Promise<void>;
  caughtUp(agoMs: number): Promise<void>;
  log: Log;
}): Part {
  const { source, queue, log } = options;
  const stopping = new AbortController();
  /** When the readers that hold messages not yet stored began to wait for them. */
  const storing = new Set<{ since: number }>();

  async function round(): Promise<void> {
    const since = performance.now();
    const messages = await queue.receive(stopping.signal);
    const holds = { since };
    storing.add(holds);
    try {
      await Promise.all(messages.map(({ sourceId, body }) => options.store({ ...source, sourceId, body })));
    } finally {
      storing.delete(holds);
    }
    await queue.remove(messages);
    if (messages.length === queue.most) return;
    const oldest = Math.min(since, ...[...storing].map((other) => other.since));
    await options.caughtUp(performance.now() - oldest);
  }

  async function read(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await round();
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.warn({ event: 'callbacks.poll_failed', ...source, ...errorFields(error) });
        const pauseMs = Math.min(LONGEST_PAUSE_MS, AFTER_AN_ERROR_MS * 2 ** failures++);
        await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  const reading = Promise.all(Array.from({ length: options.readers }, read));
  return {
    name: `callback queue of ${source.account}`,
    async stop() {
      stopping.abort();
      await reading;
      queue.close();
    },
  };
}

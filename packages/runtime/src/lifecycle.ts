import { collectProcessMetrics } from '@outrigger/metrics';
import { keepMessagesYoung } from './collector.ts';
import type { Log } from './log.ts';
import { errorFields } from './log.ts';

/** A part of a service that was started and must be stopped. Stopping twice is harmless. */
export type Part = { name: string; stop(): Promise<void> };

/** Longest time a service takes to stop before it gives up and exits anyway. */
const STOP_WITHIN_MS = 25_000;

/**
 * Runs a service: `start` brings up its parts in order and pushes each onto the list; on SIGTERM or SIGINT they stop in
 * reverse order. Work in flight is finished or handed back by the part that owns it. A start that fails stops what was
 * started and exits with 1.
 */
export async function runService(log: Log, start: (parts: Part[]) => Promise<void>): Promise<void> {
  keepMessagesYoung();
  collectProcessMetrics(String(log.bindings().service));
  const parts: Part[] = [];
  let stopping = false;
  const stop = async (reason: string, exitCode: number) => {
    if (stopping) return;
    stopping = true;
    log.info({ event: 'service.stopping', reason });
    const timer = setTimeout(() => {
      log.error({ event: 'service.stop_timeout', within_ms: STOP_WITHIN_MS });
      process.exit(1);
    }, STOP_WITHIN_MS);
    for (const part of parts.reverse()) {
      try {
        await part.stop();
      } catch (error) {
        log.error({ event: 'service.stop_failed', part: part.name, ...errorFields(error) });
      }
    }
    clearTimeout(timer);
    log.info({ event: 'service.stopped' });
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  // A bug must not leave a process half alive: say what happened, then stop in order so that claims are handed back.
  process.on('uncaughtException', (error) => {
    log.error({ event: 'service.crashed', ...errorFields(error) });
    void stop('uncaught exception', 1);
  });
  try {
    await start(parts);
    log.info({ event: 'service.ready' });
  } catch (error) {
    log.error({ event: 'service.start_failed', ...errorFields(error) });
    await stop('start failed', 1);
  }
}

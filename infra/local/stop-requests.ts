/** Repeats within this time are one request: Ctrl-C reaches us from the terminal, from npm and from run.mjs at once. */
const oneRequestMs = 1_000;

/**
 * Resolves when somebody wants us to stop: Ctrl-C, SIGTERM, the terminal closed, or the process that started us is gone.
 * A second request, after a moment, calls `onImpatience`.
 */
export function watchForStop(onImpatience: () => void): Promise<{ readonly kind: 'stop' }> {
  const requested = Promise.withResolvers<{ readonly kind: 'stop' }>();
  let firstAt: number | undefined;
  const request = () => {
    firstAt ??= performance.now();
    requested.resolve({ kind: 'stop' });
    if (performance.now() - firstAt > oneRequestMs) onImpatience();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  process.once('disconnect', request);
  // Nobody reads us any more (`npm start | head`, a closed terminal). Later writes fail too, and say nothing new.
  process.stdout.on('error', () => {});
  process.stdout.once('error', request);
  process.channel?.unref();
  return requested.promise;
}

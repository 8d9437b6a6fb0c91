/** Where progress is told, and whether it is a terminal (a line may be redrawn). */
export type Screen = { readonly write: (text: string) => void; readonly isTerminal: boolean };

const redrawMs = 200;
/** Without a terminal: a sign of life for whoever reads a log as it grows. */
const signOfLifeMs = 10_000;

/** `1.2 s`, `75 s`. */
export function formatElapsed(durationMs: number): string {
  return durationMs < 10_000 ? `${(durationMs / 1000).toFixed(1)} s` : `${Math.round(durationMs / 1000)} s`;
}

/**
 * Does one phase of a start and tells how long it takes while it lasts. `work` returns the words for its closing line
 * (undefined: the label). An exception passes through, after the line is closed.
 */
export async function runPhase<Result>(
  screen: Screen,
  label: string,
  work: () => Promise<Result>,
  describe: (result: Result) => string = () => label,
): Promise<Result> {
  const startedAt = performance.now();
  const elapsed = () => formatElapsed(performance.now() - startedAt);
  const redraw = (text: string, end: string) => screen.write(`${screen.isTerminal ? '\r\x1b[K' : ''}${text}${end}`);
  const ticker = setInterval(
    () => redraw(`  ... ${label}, ${elapsed()}`, screen.isTerminal ? '' : '\n'),
    screen.isTerminal ? redrawMs : signOfLifeMs,
  );
  try {
    const result = await work();
    redraw(`  ${describe(result)} (${elapsed()})`, '\n');
    return result;
  } catch (error) {
    redraw(`  ${label}: failed after ${elapsed()}`, '\n');
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

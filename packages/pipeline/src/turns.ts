/**
 * Lets ordinary work run side by side and what is under suspicion alone, in order of arrival: when a message kills the process,
 * nothing else is in the middle of being handled, so nothing else can be blamed for it.
 */
export type Turns = { run<Result>(alone: boolean, work: () => Promise<Result>): Promise<Result> };

export function createTurns(): Turns {
  let running = 0;
  let isAlone = false;
  const waiting: { alone: boolean; start: () => void }[] = [];

  function next(): void {
    while (waiting.length > 0) {
      const { alone, start } = waiting[0]!;
      if (isAlone || (alone && running > 0)) return;
      waiting.shift();
      running++;
      isAlone = alone;
      start();
    }
  }

  return {
    async run(alone, work) {
      const turn = Promise.withResolvers<void>();
      waiting.push({ alone, start: turn.resolve });
      next();
      await turn.promise;
      try {
        return await work();
      } finally {
        running--;
        isAlone = false;
        next();
      }
    },
  };
}

import type { Pool } from '@outrigger/store';

/** How long it took until the system was well again: instants are those of the monotonic clock. */
export type Recovery = {
  /** From now on: until nothing is held any more by this worker, which was killed. */
  workerLost(processId: number): void;
  note(what: string, since: number): void;
  /** Call regularly. A ledger that is away is no news. */
  look(pool: Pool): Promise<void>;
  summary(): Record<string, { count: number; medianS: number; longestS: number }>;
};

export function createRecovery(): Recovery {
  const lost = new Map<number, number>();
  const took = new Map<string, number[]>();

  function note(what: string, since: number): void {
    took.set(what, [...(took.get(what) ?? []), performance.now() - since]);
  }

  return {
    workerLost: (processId) => void lost.set(processId, performance.now()),
    note,
    async look(pool) {
      if (lost.size === 0) return;
      const { rows } = await pool.query<{ claimed_by: string }>(
        'SELECT DISTINCT claimed_by FROM batches WHERE token IS NOT NULL',
      );
      // A worker's id is `channel.host.boot.process.random`.
      const holders = new Set(rows.map(({ claimed_by }) => Number(claimed_by.split('.')[3])));
      for (const [processId, since] of lost) {
        if (holders.has(processId)) continue;
        lost.delete(processId);
        note('claims of a killed worker settled', since);
      }
    },
    summary() {
      return Object.fromEntries(
        [...took].map(([what, times]) => {
          const sorted = times.toSorted((a, b) => a - b);
          const seconds = (ms: number) => Math.round(ms / 100) / 10;
          const medianS = seconds(sorted[sorted.length >> 1]!);
          return [what, { count: times.length, medianS, longestS: seconds(sorted.at(-1)!) }];
        }),
      );
    },
  };
}

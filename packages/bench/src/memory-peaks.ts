import { type ProcessGroup, readMemoryBytes } from './process-usage.ts';

const EVERY_MS = 1_000;

/** Looks at the memory of groups again and again; what it says when it stops is the most that each ever had, in bytes by name. */
export function watchMemory(groups: ProcessGroup[]): { stop(): Map<string, number> } {
  const peaks = new Map<string, number>();
  const look = () => {
    for (const group of groups) {
      peaks.set(group.name, Math.max(peaks.get(group.name) ?? 0, readMemoryBytes(group)));
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peaks;
    },
  };
}

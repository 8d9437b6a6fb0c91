import type { Load } from './load.ts';
import type { Nemesis } from './nemesis.ts';

const EVERY_MS = 5_000;

/** A line every five seconds: where the run stands. */
export function reportProgress(parts: {
  say: (line: string) => void;
  load: Load;
  nemesis: Nemesis;
  outstanding: () => number;
  unknown: () => number;
}): { stop(): void } {
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const { load, nemesis } = parts;
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const ended = Math.max(0, load.acceptedMessages - parts.outstanding());
    const { acceptedMessages } = load;
    parts.say(
      `${seconds} s: accepted ${acceptedMessages}, ended ${ended}, kills ${nemesis.kills}, unknown now ${parts.unknown()}`,
    );
  }, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

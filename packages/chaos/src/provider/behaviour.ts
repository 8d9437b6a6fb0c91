import type { Random } from '../random.ts';

/**
 * How the emulated provider treats one request. `before` and `after` tell whether the message was taken: after an
 * ambiguous behaviour the caller cannot know which of the two it was.
 */
export type Behaviour =
  | { kind: 'accept'; delayMs: number }
  | { kind: 'throttle' }
  | { kind: 'refuse' }
  | { kind: 'doubt'; how: 'error' | 'reset' | 'hang' | 'garbage'; taken: boolean };

const OUTCOMES = [
  { weight: 966, kind: 'accept' },
  { weight: 15, kind: 'throttle' },
  { weight: 2, kind: 'refuse' },
  { weight: 6, kind: 'error' },
  { weight: 6, kind: 'reset' },
  { weight: 2, kind: 'hang' },
  { weight: 3, kind: 'garbage' },
] as const;

export function chooseBehaviour(random: Random): Behaviour {
  const { kind } = random.weighted(OUTCOMES);
  if (kind === 'accept') return { kind, delayMs: delayMs(random) };
  if (kind === 'throttle' || kind === 'refuse') return { kind };
  return { kind: 'doubt', how: kind, taken: random.chance(0.5) };
}

/** Mostly some milliseconds, one in a hundred half a second: well under the worker's patience. */
function delayMs(random: Random): number {
  return random.chance(0.01) ? random.between(200, 600) : random.between(5, 60);
}

import type { LedgerStep } from './ledger-reader.ts';

const LETTERS: Record<string, string> = {
  sent: 's',
  excluded: 'x',
  failed: 'f',
  expired: 'e',
  canceled: 'c',
  deferred: 'd',
  unknown: 'u',
  queued: 'q',
};

/**
 * The histories that docs/lifecycle.md allows. A message is refused for now any number of times and then ends, or is in
 * doubt. A doubt is settled as sent, held (a second `unknown`), or sent again, which happens once. One that is held is settled
 * by a late report all the same.
 */
const ENDED = /^d*([sxfec]|us|uus?|uqd*([sxfec]|us|uus?))$/;

export type History = {
  end: string;
  ended: boolean;
  resent: boolean;
  doubted: boolean;
  handOvers: { least: number; most: number };
};

/** What a message's events say: how it ended, and how often the provider may have taken it. */
export function readHistory(steps: LedgerStep[]): History {
  const word = steps.map((step) => LETTERS[step.state] ?? '?').join('');
  const end = steps.at(-1)?.state ?? 'queued';
  const again = word.split('q');
  const handOvers = again.map(takenIn).reduce((a, b) => ({ least: a.least + b.least, most: a.most + b.most }));
  return { end, ended: ENDED.test(word), resent: again.length > 1, doubted: word.includes('u'), handOvers };
}

/** One pass: sent means once, a doubt means at most once, everything else means never. */
function takenIn(pass: string): { least: number; most: number } {
  if (pass.endsWith('s')) return { least: 1, most: 1 };
  return { least: 0, most: pass.includes('u') ? 1 : 0 };
}

/** From the resend on, every event says that there may be two. */
export function markedAsDuplicate(steps: LedgerStep[]): boolean {
  const from = steps.findIndex((step) => step.state === 'queued');
  return steps.every((step, place) => step.possibleDuplicate === (from >= 0 && place >= from));
}

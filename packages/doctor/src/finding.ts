/** What the doctor found of one thing: `good`; `warning`, which works today; `problem`, which does not or will not. */
export type Verdict = 'good' | 'warning' | 'problem';

/** `says` is the fact in words; `todo` is what to do about it, and stands with everything that is not good. */
export type Finding = { subject: string; verdict: Verdict; says: string; todo?: string };

export function good(subject: string, says: string): Finding {
  return { subject, verdict: 'good', says };
}

export function warning(subject: string, says: string, todo: string): Finding {
  return { subject, verdict: 'warning', says, todo };
}

export function problem(subject: string, says: string, todo: string): Finding {
  return { subject, verdict: 'problem', says, todo };
}

/** The first line of an error, without its full stop, and without an address that may carry a password. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .split('\n')[0]!
    .replace(/\/\/[^@\s]*@/g, '//…@')
    .replace(/\.$/, '')
    .slice(0, 200);
}

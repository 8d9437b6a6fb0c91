import { type Finding, good, warning } from './finding.ts';

/** Deadlines and schedules go by each machine's own clock; ids carry the time at which they were made. */
const MOST_SKEW_MS = 1_000;

/** Compares another machine's clock with ours. Its answer was on its way between the two instants of ours, so that much is unknown. */
export function clockFinding(subject: string, theirs: Date, askedAt: number, answeredAt: number): Finding {
  const middle = (askedAt + answeredAt) / 2;
  const skewMs = Math.round(theirs.getTime() - middle);
  const unsureMs = Math.ceil((answeredAt - askedAt) / 2);
  return Math.abs(skewMs) - unsureMs < MOST_SKEW_MS
    ? good(subject, `Its clock agrees with this machine's to within ${Math.abs(skewMs) + unsureMs} ms.`)
    : warning(
        subject,
        `Its clock differs from this machine's by ${skewMs} ms (give or take ${unsureMs} ms).`,
        'Let both machines follow a time server (NTP): deadlines and schedules go by their clocks.',
      );
}

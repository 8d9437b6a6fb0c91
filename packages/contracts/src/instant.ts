import { z } from 'zod';

const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(9999, 0, 1);

/**
 * An instant that a caller writes: with its offset, so that no local time has to be guessed (reliability C29), and within what
 * everybody who reads it later can hold. RFC 3339 has a year 0, and offsets of up to 23:59; PostgreSQL has neither.
 */
export const instantText = z.iso.datetime({ offset: true }).refine((text) => {
  const at = Date.parse(text);
  return at >= EARLIEST && at < LATEST;
}, 'must lie between 1970 and 9999');

/** The same instant as everything that is stored has it: in UTC, with milliseconds. */
export function inUtc(instant: string): string {
  return new Date(instant).toISOString();
}

/**
 * Filters that reckon with dates (spec 13.2): `date_add`, `date_diff`, `tz`, `age`, `day_of_week`, `week_of_year`. Reckoned on the
 * date as it is shown, at the offset it was written with; what is no date comes back unchanged.
 */
import { offsetText, parseDate } from './date.ts';

const DAY_MS = 86_400_000;
const FIXED_MS: Record<string, number> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
};
const MONTHS_IN: Record<string, number> = { month: 1, quarter: 3, year: 12 };

/** `days` and `day` are the same unit. */
function unitOf(unit: unknown): string {
  const name = String(unit ?? 'days').toLowerCase();
  return name.endsWith('s') ? name.slice(0, -1) : name;
}

/** Liquid `date_add: number, unit`: an ISO 8601 text. A month is added to the calendar: 31 January and a month is 28 February. */
export function dateAdd(value: unknown, count: unknown = 0, unit?: unknown): unknown {
  const parsed = parseDate(value);
  const number = Math.trunc(Number(count));
  if (!parsed || Number.isNaN(number)) return value;
  const name = unitOf(unit);
  const months = MONTHS_IN[name];
  const fixed = FIXED_MS[name];
  if (months === undefined && fixed === undefined) throw new Error(`unknown unit of time: ${name}`);
  const moved =
    months === undefined ? new Date(+parsed.shown + number * fixed!) : addMonths(parsed.shown, number * months);
  // Beyond what a date can be: as if it were none.
  return Number.isNaN(+moved) ? value : isoText(moved, parsed.offsetMinutes);
}

function addMonths(shown: Date, months: number): Date {
  const moved = new Date(shown);
  moved.setUTCDate(1);
  moved.setUTCMonth(shown.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(shown.getUTCDate(), lastDay));
  return moved;
}

function isoText(shown: Date, offsetMinutes: number): string {
  return shown.toISOString().replace('Z', offsetText(offsetMinutes, true));
}

/** Liquid `date_diff: until, unit`: how many whole units lie between the two; days unless said otherwise. */
export function dateDiff(value: unknown, until?: unknown, unit?: unknown): unknown {
  const [from, to] = [parseDate(value), parseDate(until)];
  if (!from || !to) return value;
  const name = unitOf(unit);
  const months = MONTHS_IN[name];
  if (months !== undefined) return Math.trunc(wholeMonths(from.shown, to.shown) / months);
  const fixed = FIXED_MS[name];
  if (fixed === undefined) throw new Error(`unknown unit of time: ${name}`);
  return Math.trunc((to.instantMs - from.instantMs) / fixed);
}

/** Months that have passed in full, negative when `to` is before `from`. */
function wholeMonths(from: Date, to: Date): number {
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  const reached = addMonths(from, months);
  if (months > 0 && reached > to) return months - 1;
  return months < 0 && reached < to ? months + 1 : months;
}

/** Liquid `age`: full years until now. */
export function age(value: unknown): unknown {
  return parseDate(value) ? dateDiff(value, 'now', 'years') : value;
}

/** Liquid `tz: zone`: the same instant as an ISO 8601 text in that time zone; an unknown zone throws. */
export function tz(value: unknown, zone: unknown = 'UTC'): unknown {
  const parsed = parseDate(value, String(zone));
  return parsed ? isoText(parsed.shown, parsed.offsetMinutes) : value;
}

/** Liquid `day_of_week`: 1 for Monday to 7 for Sunday (spec 13.2). */
export function dayOfWeek(value: unknown): unknown {
  const parsed = parseDate(value);
  return parsed ? parsed.shown.getUTCDay() || 7 : value;
}

/** Liquid `week_of_year`: the week of ISO 8601, which holds the year's first Thursday. */
export function weekOfYear(value: unknown): unknown {
  const parsed = parseDate(value);
  if (!parsed) return value;
  const thursday = new Date(parsed.shown);
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((+thursday - newYear) / DAY_MS / 7) + 1;
}

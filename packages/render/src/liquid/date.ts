/**
 * The `date` filter. It follows LiquidJS 10.30 (strftime directives, flags, widths, time zones), which builds an
 * `Intl.DateTimeFormat` for every month or day name and so spends 130 us a call; here names are constants and time
 * zones are cached. Unlike LiquidJS, nothing depends on the time zone or language of the process:
 * a date is shown at the offset it was written with, otherwise as written, and in English.
 */

/** What a filter sees as `this`: LiquidJS's render context, of which only these members are used. */
export type FilterScope = { context: { memoryLimit: { use(count: number): void } } };

type ShownDate = { instantMs: number; shown: Date; offsetMinutes: number; zoneName: string };
type Directive = {
  text: string;
  conversion: string;
  upper: boolean;
  swapCase: boolean;
  colon: boolean;
  width: number;
  padChar: ' ' | '0';
  padWidth: number;
};

const MINUTE_MS = 60_000;
const DEFAULT_FORMAT = '%A, %B %-e, %Y at %-l:%M %P %z';
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Liquid `date: format, zone`. Values that are no date come back unchanged; an unknown zone name throws. */
export function date(this: FilterScope, value: unknown, format?: unknown, zone?: unknown): unknown {
  const limit = this.context.memoryLimit;
  limit.use(lengthOf(value) + lengthOf(zone));
  const parsed = parseDate(value, zone);
  if (!parsed) return value;
  const pattern = format === undefined || format === null ? DEFAULT_FORMAT : String(format);
  limit.use(pattern.length);
  return formatDirectives(parsed, pattern, limit);
}

/** Liquid `date_to_xmlschema`: ISO 8601 with offset. */
export function dateToXmlSchema(this: FilterScope, value: unknown): unknown {
  return date.call(this, value, '%Y-%m-%dT%H:%M:%S%:z');
}

/** Liquid `date_to_rfc822`: the form mail headers use. */
export function dateToRfc822(this: FilterScope, value: unknown): unknown {
  return date.call(this, value, '%a, %d %b %Y %H:%M:%S %z');
}

/** The same date often stands in the HTML and in the text of one mail. */
let last: { value: string; zone: unknown; date: ShownDate | undefined } = {
  value: '',
  zone: undefined,
  date: undefined,
};

/** Reads what LiquidJS reads as a date: `now`, `today`, epoch seconds, date strings. Undefined when it is none. */
export function parseDate(value: unknown, zone?: unknown): ShownDate | undefined {
  if (typeof value !== 'string' || value === 'now' || value === 'today') return readDate(value, zone);
  if (value !== last.value || zone !== last.zone) last = { value, zone, date: readDate(value, zone) };
  return last.date;
}

function readDate(value: unknown, zone: unknown): ShownDate | undefined {
  if (value === undefined || value === null) return undefined;
  let instantMs: number;
  let offsetMinutes = 0;
  let zoneName = 'UTC';
  if (value === 'now' || value === 'today') instantMs = Date.now();
  else if (typeof value === 'number') instantMs = value * 1000;
  else if (typeof value === 'string' && /^\d+$/.test(value)) instantMs = Number(value) * 1000;
  else {
    instantMs = +new Date(value as string);
    if (typeof value === 'string' && zone === undefined) {
      const written = writtenOffset(value, instantMs);
      offsetMinutes = written.offsetMinutes;
      zoneName = written.zoneName;
    }
  }
  if (typeof zone === 'string') {
    offsetMinutes = zoneOffset(zone, instantMs);
    zoneName = zone;
  } else if (zone !== undefined && zone !== null) {
    offsetMinutes = Number(zone);
    zoneName = '';
  }
  const shown = new Date(instantMs - offsetMinutes * MINUTE_MS);
  return Number.isNaN(+shown) ? undefined : { instantMs, shown, offsetMinutes, zoneName };
}

function writtenOffset(value: string, instantMs: number): { offsetMinutes: number; zoneName: string } {
  const match = /([zZ]|([+-])(\d{2}):?(\d{2}))$/.exec(value);
  if (match?.[1] === 'Z') return { offsetMinutes: 0, zoneName: '' };
  if (match?.[2]) {
    const minutes = Number(match[3]) * 60 + Number(match[4]);
    // Dates such as 2026-08-06 do not end in an offset: the pattern needs four digits after the sign.
    return { offsetMinutes: match[2] === '+' ? -minutes : minutes, zoneName: '' };
  }
  const isReadAsUtc = /^[+-]?\d{4,6}(-\d\d(-\d\d)?)?$|(z|utc|gmt)$/i.test(value);
  // Everything else was read in the zone of the process; showing it there again gives back what was written.
  const offsetMinutes = isReadAsUtc || Number.isNaN(instantMs) ? 0 : new Date(instantMs).getTimezoneOffset();
  return { offsetMinutes, zoneName: 'UTC' };
}

const zoneFormats = new Map<string, Intl.DateTimeFormat>();

function zoneOffset(zone: string, instantMs: number): number {
  if (Number.isNaN(instantMs)) return 0;
  let format = zoneFormats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    // Names come from templates, but also from data: keep the cache small.
    if (zoneFormats.size >= 200) zoneFormats.clear();
    zoneFormats.set(zone, format);
  }
  const parts: Record<string, number> = {};
  for (const part of format.formatToParts(instantMs)) parts[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
  return (Math.floor(instantMs / 1000) * 1000 - localMs) / MINUTE_MS;
}

const pad = (value: number, width: number) => String(value).padStart(width, '0');

/** `+0200`, or `+02:00` with a colon. */
export function offsetText(offsetMinutes: number, colon: boolean): string {
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes > 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${colon ? ':' : ''}${pad(minutes % 60, 2)}`;
}

function dayOfYear(shown: Date): number {
  const newYear = new Date(shown);
  newYear.setUTCMonth(0, 1);
  newYear.setUTCHours(0, 0, 0, 0);
  return Math.floor((+shown - +newYear) / 86_400_000) + 1;
}

function weekOfYear(shown: Date, firstDay: number): number {
  const daysSinceFirst = (shown.getUTCDay() - firstDay + 7) % 7;
  return Math.floor((dayOfYear(shown) - 1 - daysSinceFirst + 7) / 7);
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th';
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th';
}

const english = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
const numericDate: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'numeric', day: 'numeric' };
const numericTime: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: 'numeric', second: 'numeric' };
const dateFormat = english(numericDate);
const timeFormat = english(numericTime);
const dateTimeFormat = english({ ...numericDate, ...numericTime });

const CONVERSIONS: Record<string, (date: ShownDate, directive: Directive) => string | number> = {
  a: ({ shown }) => DAYS[shown.getUTCDay()]!.slice(0, 3),
  A: ({ shown }) => DAYS[shown.getUTCDay()]!,
  b: ({ shown }) => MONTHS[shown.getUTCMonth()]!.slice(0, 3),
  h: ({ shown }) => MONTHS[shown.getUTCMonth()]!.slice(0, 3),
  B: ({ shown }) => MONTHS[shown.getUTCMonth()]!,
  c: ({ shown }) => dateTimeFormat.format(shown),
  C: ({ shown }) => Math.floor(shown.getUTCFullYear() / 100),
  d: ({ shown }) => shown.getUTCDate(),
  e: ({ shown }) => shown.getUTCDate(),
  H: ({ shown }) => shown.getUTCHours(),
  I: ({ shown }) => shown.getUTCHours() % 12 || 12,
  j: ({ shown }) => dayOfYear(shown),
  k: ({ shown }) => shown.getUTCHours(),
  l: ({ shown }) => shown.getUTCHours() % 12 || 12,
  L: ({ shown }) => shown.getUTCMilliseconds(),
  m: ({ shown }) => shown.getUTCMonth() + 1,
  M: ({ shown }) => shown.getUTCMinutes(),
  N: ({ shown }, { width }) =>
    pad(shown.getUTCMilliseconds(), 3)
      .slice(0, width || 9)
      .padEnd(width || 9, '0'),
  p: ({ shown }) => (shown.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: ({ shown }) => (shown.getUTCHours() < 12 ? 'am' : 'pm'),
  q: ({ shown }) => ordinal(shown.getUTCDate()),
  s: ({ instantMs }) => Math.floor(instantMs / 1000),
  S: ({ shown }) => shown.getUTCSeconds(),
  u: ({ shown }) => shown.getUTCDay() || 7,
  U: ({ shown }) => weekOfYear(shown, 0),
  w: ({ shown }) => shown.getUTCDay(),
  W: ({ shown }) => weekOfYear(shown, 1),
  x: ({ shown }) => dateFormat.format(shown),
  X: ({ shown }) => timeFormat.format(shown),
  y: ({ shown }) => ((shown.getUTCFullYear() % 100) + 100) % 100,
  Y: ({ shown }) => shown.getUTCFullYear(),
  z: ({ offsetMinutes }, { colon }) => offsetText(offsetMinutes, colon),
  Z: ({ offsetMinutes, zoneName }, { colon }) => zoneName || offsetText(offsetMinutes, colon),
  t: () => '\t',
  n: () => '\n',
  '%': () => '%',
};

function padWidthOf(conversion: string): number {
  if ('CdeHIklmMSUWy'.includes(conversion)) return 2;
  if ('jL'.includes(conversion)) return 3;
  return conversion === 'Y' ? 4 : 0;
}

const parsedPatterns = new Map<string, (string | Directive)[]>();

function parsePattern(pattern: string): (string | Directive)[] {
  const known = parsedPatterns.get(pattern);
  if (known) return known;
  const parts: (string | Directive)[] = [];
  let end = 0;
  for (const match of pattern.matchAll(/%([-_0^#:]+)?(\d+)?([EO])?(.)/g)) {
    const [text, flags = '', width, , conversion = ''] = match;
    parts.push(pattern.slice(end, match.index));
    end = match.index + text.length;
    if (!Object.hasOwn(CONVERSIONS, conversion)) {
      parts.push(text);
      continue;
    }
    const usesSpaces = flags.includes('_') || ('aAbBceklpP'.includes(conversion) && !flags.includes('0'));
    parts.push({
      text,
      conversion,
      upper: flags.includes('^'),
      swapCase: flags.includes('#'),
      colon: flags.includes(':'),
      width: Number(width ?? 0),
      padChar: usesSpaces ? ' ' : '0',
      padWidth: flags.includes('-') ? 0 : Number(width ?? 0) || padWidthOf(conversion),
    });
  }
  parts.push(pattern.slice(end));
  if (parsedPatterns.size >= 500) parsedPatterns.clear();
  parsedPatterns.set(pattern, parts);
  return parts;
}

function formatDirectives(parsed: ShownDate, pattern: string, limit: FilterScope['context']['memoryLimit']): string {
  let result = '';
  for (const part of parsePattern(pattern)) {
    if (typeof part === 'string') {
      result += part;
      continue;
    }
    // Charged before the work: `%999999999Y` must not get to allocate.
    limit.use(Math.max(part.padWidth, part.conversion === 'N' ? part.width : 0));
    let text = String(CONVERSIONS[part.conversion]!(parsed, part));
    if (part.upper) text = text.toUpperCase();
    else if (part.swapCase) text = /[a-z]/.test(text) ? text.toUpperCase() : text.toLowerCase();
    if (part.padChar === '0' && text.startsWith('-')) result += `-${text.slice(1).padStart(part.padWidth - 1, '0')}`;
    else result += text.padStart(part.padWidth, part.padChar);
  }
  return result;
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0;
}

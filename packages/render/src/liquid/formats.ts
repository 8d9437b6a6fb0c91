/**
 * Filters that format for a language: `currency`, `number_format`, `format_date` (spec 13.2). `Intl` objects cost tens of
 * microseconds to build and about one to use, so they are cached by their parameters.
 */
import { offsetText, parseDate } from './date.ts';
import { type FormatNumber, fastNumberFormat } from './decimal.ts';

const DEFAULT_LOCALE = 'en-US';
const CACHE_SIZE = 500;

function cached<Format>(cache: Map<string, Format>, key: string, build: () => Format): Format {
  let format = cache.get(key);
  if (format === undefined) {
    format = build();
    // Codes may come from data: a full cache starts again, so that it can never grow without bound.
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(key, format);
  }
  return format;
}

const numberFormats = new Map<string, FormatNumber>();
const percentFormats = new Map<string, FormatNumber>();
const nameFormats = new Map<string, Intl.DateTimeFormat>();

/** Context values are untyped strings (spec 13.1): numbers are read from either; anything else is undefined. */
function numberFrom(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

const localeFrom = (locale: unknown) => (locale === undefined || locale === null ? DEFAULT_LOCALE : String(locale));

/** Liquid `currency: code, locale`. A value that is no number comes back unchanged; an unknown code or locale throws. */
export function currency(value: unknown, code: unknown = 'USD', locale?: unknown): unknown {
  const number = numberFrom(value);
  if (number === undefined) return value;
  const currencyCode = String(code);
  const language = localeFrom(locale);
  if (language !== lastCurrency.language || currencyCode !== lastCurrency.code) {
    const format = cached(numberFormats, `${language}|${currencyCode}`, () =>
      fastNumberFormat(new Intl.NumberFormat(language, { style: 'currency', currency: currencyCode })),
    );
    lastCurrency = { language, code: currencyCode, format };
  }
  return lastCurrency.format(number);
}

/** A mail has one currency as a rule: to ask for it again costs two comparisons. */
let lastCurrency: { language: string; code: string; format: FormatNumber } = {
  language: '',
  code: '',
  format: String,
};

/** Liquid `number_format: locale, decimals`. A value that is no number comes back unchanged; a bad locale throws. */
export function numberFormat(value: unknown, locale?: unknown, decimals?: unknown): unknown {
  const number = numberFrom(value);
  if (number === undefined) return value;
  const language = localeFrom(locale);
  const digits = numberFrom(decimals);
  return cached(numberFormats, `${language}#${digits}`, () =>
    fastNumberFormat(new Intl.NumberFormat(language, fractionDigits(digits))),
  )(number);
}

/** Liquid `percent: locale, decimals`: 0.25 is 25 %. A value that is no number comes back unchanged; a bad locale throws. */
export function percent(value: unknown, locale?: unknown, decimals?: unknown): unknown {
  const number = numberFrom(value);
  if (number === undefined) return value;
  const language = localeFrom(locale);
  const digits = numberFrom(decimals);
  return cached(percentFormats, `${language}#${digits}`, () => {
    const format = new Intl.NumberFormat(language, { style: 'percent', ...fractionDigits(digits) });
    return (one) => format.format(one);
  })(number);
}

function fractionDigits(digits: number | undefined): Intl.NumberFormatOptions {
  return digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits };
}

const pad = (value: number, width: number) => String(value).padStart(width, '0');

type Clock = { shown: Date; offsetMinutes: number; zoneName: string };
const PATTERN_LETTERS: Record<string, (clock: Clock, count: number, locale: string) => string> = {
  y: ({ shown }, count) => {
    const year = shown.getUTCFullYear();
    return count === 2 ? pad(year % 100, 2) : pad(year, count);
  },
  M: ({ shown }, count, locale) => {
    if (count >= 4) return name(shown, locale, { month: 'long', day: 'numeric' }, 'month');
    if (count === 3) return name(shown, locale, { month: 'short', day: 'numeric' }, 'month');
    return pad(shown.getUTCMonth() + 1, count);
  },
  d: ({ shown }, count) => pad(shown.getUTCDate(), count),
  E: ({ shown }, count, locale) => name(shown, locale, { weekday: count >= 4 ? 'long' : 'short' }, 'weekday'),
  H: ({ shown }, count) => pad(shown.getUTCHours(), count),
  h: ({ shown }, count) => pad(shown.getUTCHours() % 12 || 12, count),
  m: ({ shown }, count) => pad(shown.getUTCMinutes(), count),
  s: ({ shown }, count) => pad(shown.getUTCSeconds(), count),
  S: ({ shown }, count) => pad(shown.getUTCMilliseconds(), 3).slice(0, count),
  a: ({ shown }) => (shown.getUTCHours() < 12 ? 'AM' : 'PM'),
  Z: ({ offsetMinutes }) => offsetText(offsetMinutes, false),
  X: ({ offsetMinutes }) => (offsetMinutes === 0 ? 'Z' : offsetText(offsetMinutes, true)),
  z: ({ zoneName, offsetMinutes }) => zoneName || offsetText(offsetMinutes, true),
};
// `L` (month on its own) and `u` (year) are the other spellings in wide use.
PATTERN_LETTERS.L = PATTERN_LETTERS.M!;
PATTERN_LETTERS.u = PATTERN_LETTERS.y!;

/** Formatting month with day gives the form the language uses inside a date (Polish "5 marca", not "marzec"). */
function name(shown: Date, locale: string, options: Intl.DateTimeFormatOptions, type: 'month' | 'weekday'): string {
  const format = cached(
    nameFormats,
    `${locale}|${JSON.stringify(options)}`,
    () => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }),
  );
  return format.formatToParts(shown).find((part) => part.type === type)?.value ?? '';
}

/**
 * Liquid `format_date: pattern, locale, zone`: a Java date pattern (`d MMMM yyyy`, `EEE HH:mm`, quoted text).
 * A value that is no date comes back unchanged; a pattern with unknown letters falls back to ISO 8601 (spec 13.2).
 */
export function formatDate(value: unknown, pattern: unknown = 'yyyy-MM-dd', locale?: unknown, zone?: unknown): unknown {
  const clock = parseDate(value, zone);
  if (!clock) return value;
  const language = localeFrom(locale);
  let result = '';
  for (const [token, quoted] of String(pattern).matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g)) {
    if (quoted !== undefined) result += quoted === '' ? "'" : quoted.replaceAll("''", "'");
    else if (!/[A-Za-z]/.test(token)) result += token;
    else {
      const letter = PATTERN_LETTERS[token.charAt(0)];
      if (!letter || token.length > 9)
        return clock.shown.toISOString().replace('Z', offsetText(clock.offsetMinutes, true));
      result += letter(clock, token.length, language);
    }
  }
  return result;
}

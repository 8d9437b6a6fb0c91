import { filters as builtIn, toValue } from 'liquidjs';
import { safeUrl } from '../html/url.ts';
import { average, bottom, includes, intersects, keys, max, min, subsetOf, top, values } from './collections.ts';
import { date, dateToRfc822, dateToXmlSchema, type FilterScope } from './date.ts';
import { age, dateAdd, dateDiff, dayOfWeek, tz, weekOfYear } from './date-arithmetic.ts';
import { currency, formatDate, numberFormat, percent } from './formats.ts';
import { textFilters } from './texts.ts';

/**
 * Built-in filters that templates may use. Absent on purpose: `*_exp` (they evaluate strings as templates and outrun the
 * time limit), `sample` (random), `inspect` and the Jekyll date filters.
 */
const ALLOWED_BUILT_IN = [
  ...['abs', 'append', 'array_to_sentence_string', 'at_least', 'at_most', 'base64_decode', 'base64_encode'],
  ...['capitalize', 'ceil', 'cgi_escape', 'compact', 'concat', 'default', 'divided_by', 'downcase', 'escape'],
  ...['escape_once', 'find', 'find_index', 'first', 'floor', 'group_by', 'has', 'hmac_sha256', 'join', 'json', 'last'],
  ...['lstrip', 'map', 'minus', 'modulo', 'newline_to_br', 'normalize_whitespace', 'number_of_words', 'plus', 'pop'],
  ...['prepend', 'push', 'raw', 'reject', 'remove', 'remove_first', 'remove_last', 'replace', 'replace_first'],
  ...['replace_last', 'reverse', 'rstrip', 'sha256', 'shift', 'size', 'slice', 'slugify', 'sort', 'sort_natural'],
  ...['split', 'squish', 'strip', 'strip_html', 'strip_newlines', 'sum', 'times', 'to_integer', 'truncate'],
  ...['truncatewords', 'uniq', 'unshift', 'upcase', 'uri_escape', 'url_decode', 'url_encode', 'where', 'xml_escape'],
];

/** What `{{ value }}` prints, without escaping. */
export function stringify(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(stringify).join('');
  const plain: unknown = toValue(value as never);
  return Object.is(plain, value) ? String(value) : stringify(plain);
}

/** Liquid `round: decimals`. Whole numbers, the usual case, skip the decimal string arithmetic of the built-in. */
function round(value: unknown, decimals: unknown = 0): unknown {
  const number = Number(value) || 0;
  if (decimals === 0 && Math.abs(number) <= Number.MAX_SAFE_INTEGER) {
    return number < 0 ? -Math.round(-number) : Math.round(number);
  }
  return (builtIn.round as (value: unknown, decimals: unknown) => unknown)(value, decimals);
}

/** Liquid `title_case`: each word begins with a capital, the rest is small. */
function titleCase(this: FilterScope, value: unknown): string {
  const text = stringify(value);
  this.context.memoryLimit.use(text.length);
  return text
    .toLowerCase()
    .replace(/(^|[\s-])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
}

/** Liquid `mask: first, last`: `X` for every character but the first and last ones (default: the last four stay). */
function mask(this: FilterScope, value: unknown, first: unknown = 0, last: unknown = 4): string {
  const characters = [...stringify(value)];
  this.context.memoryLimit.use(characters.length);
  const keptAtStart = Math.max(0, Number(first) || 0);
  const keptFrom = characters.length - Math.max(0, Number(last) || 0);
  return characters.map((character, index) => (index < keptAtStart || index >= keptFrom ? character : 'X')).join('');
}

const ADDED = {
  age,
  average,
  bottom,
  currency,
  date,
  date_add: dateAdd,
  date_diff: dateDiff,
  date_to_rfc822: dateToRfc822,
  date_to_xmlschema: dateToXmlSchema,
  day_of_week: dayOfWeek,
  format_date: formatDate,
  includes,
  intersects,
  keys,
  mask,
  max,
  min,
  number_format: numberFormat,
  percent,
  round,
  safe_url: safeUrl,
  subset_of: subsetOf,
  title_case: titleCase,
  top,
  tz,
  values,
  week_of_year: weekOfYear,
  ...textFilters(stringify),
};

/** Every filter templates may use, by name; shared by LiquidJS and the compiled path, so both give the same bytes. */
export const FILTERS: Readonly<Record<string, (typeof builtIn)[string]>> = Object.freeze(
  Object.assign(Object.create(null), Object.fromEntries(ALLOWED_BUILT_IN.map((name) => [name, builtIn[name]])), ADDED),
);

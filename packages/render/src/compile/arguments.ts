/**
 * Filters whose literal arguments can be wrong for every message: a currency, language or time zone that does not exist.
 * Found at activation instead of in each render.
 */
import { date } from '../liquid/date.ts';
import { dateAdd, dateDiff, tz } from '../liquid/date-arithmetic.ts';
import { currency, formatDate, numberFormat, percent } from '../liquid/formats.ts';
import { bodiesOf, type FilterCall, type FilteredValue, type Node } from '../liquid/tree.ts';
import { error, type Finding } from '../problem.ts';

const UNLIMITED = { context: { memoryLimit: { use() {} } } };
const ANY_DATE = '2026-01-01T00:00:00Z';

const TRIALS: Record<string, (...args: unknown[]) => unknown> = {
  currency: (code, locale) => currency(1, code, locale),
  number_format: (locale, decimals) => numberFormat(1, locale, decimals),
  format_date: (pattern, locale, zone) => formatDate(ANY_DATE, pattern, locale, zone),
  percent: (locale, decimals) => percent(1, locale, decimals),
  date_add: (count, unit) => dateAdd(ANY_DATE, count, unit),
  date_diff: (_until, unit) => dateDiff(ANY_DATE, ANY_DATE, unit),
  tz: (zone) => tz(ANY_DATE, zone),
  date: (format, zone) => date.call(UNLIMITED, ANY_DATE, format, zone),
};

/** Tries such filters once with the literals of the template; arguments from data count as absent. */
export function checkArguments(nodes: Node[], lineOf: (offset: number) => number): Finding[] {
  return nodes.flatMap((node): Finding[] => {
    const own = valuesOf(node).flatMap(({ filters }) =>
      filters.flatMap((call) => tryFilter(call, lineOf(node.place.begin))),
    );
    return [...own, ...bodiesOf(node).flatMap((body) => checkArguments(body, lineOf))];
  });
}

function tryFilter({ name, args }: FilterCall, line: number): Finding[] {
  const trial = Object.hasOwn(TRIALS, name) ? TRIALS[name] : undefined;
  if (!trial) return [];
  try {
    trial(...args.map(({ value }) => (value.kind === 'constant' ? value.value : undefined)));
    return [];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return [error('TPL-0001', `The filter "${name}" cannot work with these arguments: ${reason}. Correct them.`, line)];
  }
}

function valuesOf(node: Node): FilteredValue[] {
  if (node.kind === 'if') return node.branches.map(({ test }) => test);
  return 'value' in node ? [node.value] : [];
}

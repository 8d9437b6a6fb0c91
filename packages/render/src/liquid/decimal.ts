/**
 * Fixed-decimal formatting without `Intl`, which costs most of a microsecond a number and is the dearest thing in an order
 * mail. The separators are learnt from the `Intl` format, and the result is used only if it agrees with
 * `Intl` on every probe; otherwise, and for negative or huge numbers, `Intl` does the work.
 */
export type FormatNumber = (value: number) => string;

const PROBES = [0, 0.5, 1, 9.995, 12.345, 999.999, 1000, 1234.5, 9999, 12345.678, 123456.789, 1234567.891, 98765432101];
/** Up to here the rounded digits fit into a number exactly. */
const LARGEST = 1e12;
const MOST_DIGITS = 3;
/** Prices and counts come again and again, in the HTML and the text of one mail at the least. */
const MOST_KEPT = 500;

/** A function with the same results as `format.format`. */
export function fastNumberFormat(format: Intl.NumberFormat): FormatNumber {
  const slow: FormatNumber = (value) => format.format(value);
  const { minimumFractionDigits, maximumFractionDigits, numberingSystem } = format.resolvedOptions();
  const digits = minimumFractionDigits ?? 0;
  // Where decimals vary, whole numbers at least are simple.
  const wholeOnly = minimumFractionDigits !== maximumFractionDigits;
  if (numberingSystem !== 'latn' || digits > MOST_DIGITS) return slow;
  const parts = format.formatToParts(1234567.5);
  const textOf = (type: Intl.NumberFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  const firstDigit = parts.findIndex(({ type }) => type === 'integer');
  const lastDigit = parts.findLastIndex(({ type }) => type === 'integer' || type === 'fraction');
  const join = (some: Intl.NumberFormatPart[]) => some.map(({ value }) => value).join('');
  const [prefix, suffix] = [join(parts.slice(0, firstDigit)), join(parts.slice(lastDigit + 1))];
  const [group, decimal] = [textOf('group'), textOf('decimal')];
  // Spanish and Polish, among others, leave four digits ungrouped.
  const groupsFour = format.formatToParts(1234).some(({ type }) => type === 'group');
  const longestUngrouped = group === '' ? Number.POSITIVE_INFINITY : groupsFour ? 3 : 4;

  const make: FormatNumber = (value) => {
    if (wholeOnly && !Number.isInteger(value)) return slow(value);
    const text = String(value);
    if (text.includes('e')) return slow(value);
    const [whole, fraction] = roundDecimal(text, digits);
    const shown = whole.length > longestUngrouped ? grouped(whole, group) : whole;
    return digits === 0 ? prefix + shown + suffix : prefix + shown + decimal + fraction + suffix;
  };
  if (!PROBES.every((probe) => make(probe) === slow(probe))) return slow;

  const kept = new Map<number, string>();
  return (value) => {
    if (!(value >= 0 && value < LARGEST) || Object.is(value, -0)) return slow(value);
    const known = kept.get(value);
    if (known !== undefined) return known;
    const text = make(value);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(value, text);
    return text;
  };
}

/** Rounds the digits as they are printed, half up: that is what `Intl` does, and `toFixed` does not (26.15 to 26.2). */
function roundDecimal(text: string, digits: number): [whole: string, fraction: string] {
  const point = text.indexOf('.');
  if (point === -1) return [text, '0'.repeat(digits)];
  const whole = text.slice(0, point);
  const fraction = text.slice(point + 1);
  if (fraction.length <= digits) return [whole, fraction.padEnd(digits, '0')];
  const kept = whole + fraction.slice(0, digits);
  if (fraction.charAt(digits) < '5') return [whole, fraction.slice(0, digits)];
  const raised = String(Number(kept) + 1).padStart(digits + 1, '0');
  return [raised.slice(0, raised.length - digits), raised.slice(raised.length - digits)];
}

function grouped(digits: string, separator: string): string {
  let end = digits.length;
  let result = '';
  for (; end > 3; end -= 3) result = separator + digits.slice(end - 3, end) + result;
  return digits.slice(0, end) + result;
}

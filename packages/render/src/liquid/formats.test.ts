import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fastNumberFormat } from './decimal.ts';
import { currency, formatDate, numberFormat } from './formats.ts';

const locales = [
  'en-US',
  'de-DE',
  'fr-FR',
  'es-ES',
  'pl-PL',
  'sv-SE',
  'pt-PT',
  'en-IN',
  'ja-JP',
  'ar-EG',
  'de-CH',
  'he-IL',
  'hi-IN',
];

test('fast number formatting gives what Intl gives, for every locale and number', () => {
  const money = locales.flatMap((locale) =>
    ['EUR', 'USD', 'JPY', 'KWD'].map((code) => new Intl.NumberFormat(locale, { style: 'currency', currency: code })),
  );
  const plain = locales.map(
    (locale) => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  );
  const usual = locales.map((locale) => new Intl.NumberFormat(locale));
  const formats = [...money, ...plain, ...usual].map((format) => ({ format, fast: fastNumberFormat(format) }));
  const number = fc.oneof(
    fc.double(),
    fc.integer({ min: -10_000_000, max: 10_000_000 }).map((cents) => cents / 100),
    fc.integer({ min: 0, max: 100_000 }).map((thousandths) => thousandths / 1000),
    fc.constantFrom(0, -0, 0.125, 1.005, 2.675, 999.995, 1e15, 1e21, Number.NaN, Number.POSITIVE_INFINITY),
  );
  fc.assert(
    fc.property(number, (value) => {
      for (const { format, fast } of formats) assert.equal(fast(value), format.format(value));
    }),
    { numRuns: 400 },
  );
});

test('currency reads numbers and texts, and leaves everything else alone', () => {
  assert.equal(currency(1234.5, 'EUR', 'de-DE'), '1.234,50\u00a0€');
  assert.equal(currency('1234.5', 'JPY', 'en-US'), '¥1,235');
  assert.equal(currency('free', 'EUR'), 'free');
  assert.equal(currency(null, 'EUR'), null);
  assert.throws(() => currency(1, 'EURO'), RangeError);
});

test('number_format groups for the language and keeps the decimals asked for', () => {
  assert.equal(numberFormat(1234567.891, 'en-IN'), '12,34,567.891');
  assert.equal(numberFormat('5', 'sv-SE', 2), '5,00');
  assert.equal(numberFormat('', 'sv-SE'), '');
});

test('format_date reads Java patterns', () => {
  const moment = '2026-03-05T09:07:04.050+02:00';
  const cases: [string, string | undefined, string][] = [
    ['yyyy-MM-dd HH:mm:ss.SSS', undefined, '2026-03-05 09:07:04.050'],
    ['d. MMMM yyyy', 'de', '5. März 2026'],
    ['d MMMM yyyy', 'pl', '5 marca 2026'],
    ["EEEE 'at' h:mm a", 'en', 'Thursday at 9:07 AM'],
    ["yy 'o''clock' ''", 'en', "26 o'clock '"],
    ['XXX Z', 'en', '+02:00 +0200'],
    ['bogus', 'en', '2026-03-05T09:07:04.050+02:00'],
  ];
  for (const [pattern, locale, expected] of cases) assert.equal(formatDate(moment, pattern, locale), expected, pattern);
  assert.equal(formatDate('soon', 'yyyy'), 'soon');
  assert.equal(formatDate(moment, 'HH:mm', 'en', 'Asia/Tokyo'), '16:07');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Liquid } from 'liquidjs';
import { engineFor } from './engine.ts';

// LiquidJS shows dates in the zone of the process; ours never do. In UTC both must agree.
process.env.TZ = 'UTC';
const theirs = new Liquid({ preserveTimezones: true, locale: 'en-US', memoryLimit: 10_000_000 });
const ours = engineFor('none');

function both(source: string, value: unknown): [string, string] {
  return [theirs, ours].map((engine) => {
    try {
      return engine.parseAndRenderSync(source, { value });
    } catch {
      return 'failed';
    }
  }) as [string, string];
}

const directives = [...'aAbBcCdeHhIjklLmMNpPqsSuUwWxXyYzZtn%'];
const flags = ['', '-', '_', '0', '^', '#', ':', '-^', '5', '^10', '3', '012'];

test('every directive with every flag prints what the LiquidJS filter prints', () => {
  const values = [
    '2026-11-21T10:42:07.045Z',
    '2024-02-29T23:59:59+05:30',
    '1999-01-01',
    1763721727,
    '86399',
    '0033-03-09',
  ];
  for (const value of values) {
    for (const directive of directives) {
      for (const flag of flags) {
        const [expected, actual] = both(`{{ value | date: "[%${flag}${directive}]" }}`, value);
        assert.equal(actual, expected, `%${flag}${directive} of ${value}`);
      }
    }
  }
});

test('random instants, formats and zones print what the LiquidJS filter prints', () => {
  const instant = fc
    .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
    .map((moment) => moment.toISOString());
  const offset = fc.constantFrom('Z', '+02:00', '-0330', '+14:00', '');
  const format = fc
    .array(fc.tuple(fc.constantFrom(...flags), fc.constantFrom(...directives)), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([flag, directive]) => `%${flag}${directive}`).join(' '));
  const zone = fc.constantFrom('', ', "Asia/Kolkata"', ', "America/New_York"', ', -90', ', 300', ', "Nowhere/Zone"');
  fc.assert(
    fc.property(instant, offset, format, zone, (moment, suffix, pattern, inZone) => {
      const [expected, actual] = both(`{{ value | date: "${pattern}"${inZone} }}`, moment.replace('Z', suffix));
      assert.equal(actual, expected);
    }),
    { numRuns: 1500 },
  );
});

test('what is no date comes back unchanged, as in LiquidJS', () => {
  for (const value of [
    '',
    'soon',
    null,
    true,
    [2020],
    {},
    'March 5, 2024 10:00',
    'Tue, 10 Mar 2020 10:00:00 GMT',
    -5,
    '2026-08-06T02:29',
  ]) {
    const [expected, actual] = both('{{ value | date: "%Y-%m-%d %H:%M %z" }}', value);
    assert.equal(actual, expected, JSON.stringify(value));
  }
});

test('a date without a zone is shown as it was written, wherever the process runs', () => {
  process.env.TZ = 'America/Los_Angeles';
  try {
    for (const value of ['2026-08-06', '2026-08-06T00:30:00', '2026-08-06T00:30:00+09:00', '2026-08-06T00:30:00Z']) {
      assert.equal(ours.parseAndRenderSync('{{ value | date: "%F %d %b" }}', { value }), '%F 06 Aug');
    }
  } finally {
    process.env.TZ = 'UTC';
  }
});

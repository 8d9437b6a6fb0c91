import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { smsSegments } from './sms-segments.ts';

describe('smsSegments', () => {
  const cases: [what: string, text: string, expected: ReturnType<typeof smsSegments>][] = [
    ['no text', '', { encoding: 'gsm-7', units: 0, segments: 0 }],
    ['160 GSM characters', 'a'.repeat(160), { encoding: 'gsm-7', units: 160, segments: 1 }],
    ['161 GSM characters', 'a'.repeat(161), { encoding: 'gsm-7', units: 161, segments: 2 }],
    ['306 GSM characters', 'a'.repeat(306), { encoding: 'gsm-7', units: 306, segments: 2 }],
    ['307 GSM characters', 'a'.repeat(307), { encoding: 'gsm-7', units: 307, segments: 3 }],
    ['459 GSM characters', 'a'.repeat(459), { encoding: 'gsm-7', units: 459, segments: 3 }],
    ['460 GSM characters', 'a'.repeat(460), { encoding: 'gsm-7', units: 460, segments: 4 }],
    ['80 euro signs, two septets each', '€'.repeat(80), { encoding: 'gsm-7', units: 160, segments: 1 }],
    ['81 euro signs', '€'.repeat(81), { encoding: 'gsm-7', units: 162, segments: 2 }],
    [
      'an escape pair that would straddle two parts and moves to the next',
      `${'a'.repeat(152)}€${'a'.repeat(151)}`,
      { encoding: 'gsm-7', units: 305, segments: 2 },
    ],
    [
      'the same with one character more than its two parts can hold',
      `${'a'.repeat(152)}€${'a'.repeat(152)}`,
      { encoding: 'gsm-7', units: 306, segments: 3 },
    ],
    ['Greek capitals and German letters', 'ΔΦΓ äöüß Ñ', { encoding: 'gsm-7', units: 10, segments: 1 }],
    ['70 Cyrillic letters', 'я'.repeat(70), { encoding: 'ucs-2', units: 70, segments: 1 }],
    ['71 Cyrillic letters', 'я'.repeat(71), { encoding: 'ucs-2', units: 71, segments: 2 }],
    ['134 Cyrillic letters', 'я'.repeat(134), { encoding: 'ucs-2', units: 134, segments: 2 }],
    ['135 Cyrillic letters', 'я'.repeat(135), { encoding: 'ucs-2', units: 135, segments: 3 }],
    ['one curly quote among ASCII', `${'a'.repeat(70)}’`, { encoding: 'ucs-2', units: 71, segments: 2 }],
    ['35 emoji, two units each', '😀'.repeat(35), { encoding: 'ucs-2', units: 70, segments: 1 }],
    ['67 emoji: 33 whole ones a part', '😀'.repeat(67), { encoding: 'ucs-2', units: 134, segments: 3 }],
    ['a euro sign in a Cyrillic text', `${'я'.repeat(69)}€`, { encoding: 'ucs-2', units: 70, segments: 1 }],
  ];
  for (const [what, text, expected] of cases) {
    it(`counts ${what}`, () => {
      assert.deepEqual(smsSegments(text), expected);
    });
  }

  it('needs at least as many parts as the units fill, and wastes at most one unit a part', () => {
    const unit = fc.constantFrom('a', 'Z', '€', '[', 'я', '😀', '\n');
    fc.assert(
      fc.property(fc.string({ unit, minLength: 1, maxLength: 600 }), (text) => {
        const { encoding, units, segments } = smsSegments(text);
        const [single, part] = encoding === 'gsm-7' ? [160, 153] : [70, 67];
        if (units <= single) assert.equal(segments, 1);
        else {
          assert.ok(segments >= Math.ceil(units / part));
          assert.ok(segments <= Math.ceil(units / (part - 1)));
        }
      }),
    );
  });

  it('never needs fewer parts for a longer text', () => {
    const unit = fc.constantFrom('a', '€', 'я', '😀');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 400 }), fc.string({ unit, maxLength: 40 }), (text, more) => {
        assert.ok(smsSegments(text + more).segments >= smsSegments(text).segments);
      }),
    );
  });
});

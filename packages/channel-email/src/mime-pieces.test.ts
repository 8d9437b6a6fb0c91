import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmailMessage } from '@outrigger/core';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { buildMime } from './mime.ts';
import { encodeText } from './mime-encode.ts';
import { encodePieces } from './mime-pieces.ts';

const awkward = fc.constantFrom(
  ...[
    '',
    '.',
    '..',
    ' ',
    '\t',
    '=',
    '=\r\n',
    '\r',
    '\n',
    '\r\n',
    '\n.\n',
    ' \n',
    '\ud83d',
    '\ude9a',
    '🚚',
    'ü',
    '\u2028',
    '--=_m-1',
  ],
  'x'.repeat(75),
  'x'.repeat(76),
  `${'x'.repeat(74)} `,
  'ü'.repeat(40),
  '<td style="a=b">',
);
const text = fc
  .array(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 90 }), fc.string({ maxLength: 90 })), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 120 });
/** As the renderer makes them: one slot between two fixed texts. */
const pieces = fc
  .array(fc.tuple(fc.oneof({ weight: 1, arbitrary: text }, { weight: 5, arbitrary: ascii }), fc.oneof(text, ascii)), {
    maxLength: 6,
  })
  .chain((pairs) =>
    fc
      .oneof(text, ascii)
      .map((last) => ({ fixed: [...pairs.map(([one]) => one), last], slots: pairs.map(([, slot]) => slot) })),
  );

function join({ fixed, slots }: { fixed: string[]; slots: string[] }): string {
  return fixed.map((piece, index) => piece + (slots[index] ?? '')).join('');
}

/** RFC 2045 section 6.7, read backwards. */
function decode(encoded: ReturnType<typeof encodeText>): string {
  const ascii = encoded.content.toString('latin1');
  if (encoded.encoding === 'base64') return Buffer.from(ascii, 'base64').toString();
  const bytes = ascii
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/** Line ends and blank ends differ by encoding: parsers take them as they come. */
function body(text: string | undefined): string {
  return (text ?? '').replace(/\r\n|\r/g, '\n').trim();
}

describe('a body of pieces', () => {
  it('says what the whole says, in lines as short, whatever stands in its slots', () => {
    let piecewise = 0;
    fc.assert(
      fc.property(pieces, (made) => {
        const whole = join(made);
        const encoded = encodePieces(whole, made);
        assert.equal(decode(encoded), decode(encodeText(whole)));
        if (encoded.encoding === 'base64') return;
        piecewise += 1;
        const lines = encoded.content.toString('latin1').split('\r\n');
        for (const line of lines) {
          assert.ok(line.length <= 76, line);
          assert.match(line, /^(?!\.)[\t -~]*$/);
          assert.doesNotMatch(line, /[ \t]$/);
        }
        assert.ok(!encoded.content.includes('=_'), 'a boundary cannot occur');
      }),
      { numRuns: 3_000 },
    );
    assert.ok(piecewise > 1_500, `${piecewise} were quoted-printable`);
  });

  it('is read by parsers as what the plain way gives', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (html, plain) => {
        const message: EmailMessage = {
          messageId: 'm-1',
          from: { address: 'shop@example.org' },
          to: 'ada@example.com',
          subject: 'Hello',
          html: join(html),
          text: join(plain),
          headers: {},
        };
        const at = new Date(0);
        const [ours, reference] = [
          buildMime({ ...message, pieces: { html, text: plain } }, at),
          buildMime(message, at),
        ];
        const [one, other] = [await PostalMime.parse(ours), await PostalMime.parse(reference)];
        assert.equal(body(one.html), body(other.html));
        assert.equal(body(one.text), body(other.text));
        const [again, expected] = [await simpleParser(ours), await simpleParser(reference)];
        assert.equal(body(again.html || ''), body(expected.html || ''));
        assert.equal(body(again.text), body(expected.text));
      }),
      { numRuns: 200 },
    );
  });

  it('encodes what is fixed once', () => {
    const fixed = ['<p>Best regards and Grüße, ', '</p>\n'];
    const first = encodePieces('', { fixed, slots: ['Ada'] }).content.toString();
    assert.equal(first, '<p>Best regards and Gr=C3=BC=C3=9Fe,=20=\r\nAda=\r\n</p>\r\n');
    // Seen only by whoever breaks the rule that fixed texts never change: the first encoding is used again.
    fixed[0] = 'other';
    assert.equal(encodePieces('', { fixed, slots: ['Bo'] }).content.toString(), first.replace('Ada', 'Bo'));
  });
});

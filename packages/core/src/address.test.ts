import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { comparableEmail, parseEmailAddress } from './address-email.ts';
import { parsePhoneNumber } from './address-phone.ts';

const label = (length: number) => 'd'.repeat(length);

/** Ids are rows of the catalogue of hostile input. A refused address excludes its message; it never becomes another address. */
const EMAILS: [row: string, raw: string, address: string | undefined][] = [
  ['D01', 'nobody', undefined],
  ['D01', 'a@', undefined],
  ['D01', '@b.example', undefined],
  ['D01', 'a b@c.example', undefined],
  ['D01', 'a@b@c.example', undefined],
  ['D01', 'a..b@c.example', undefined],
  ['D01', '.a@c.example', undefined],
  ['D01', '"a b"@c.example', undefined],
  ['D02', 'b@example.com\r\nBcc: evil@evil.example', undefined],
  ['D02', 'b@example.com,evil@evil.example', undefined],
  ['D02', 'B <b@example.com>', undefined],
  ['D02', 'b@example.com (evil@evil.example)', undefined],
  ['D04', 'a\u0000b@example.com', undefined],
  ['D04', 'b@exam\u0000ple.com', undefined],
  ['D05', `${'l'.repeat(64)}@example.com`, `${'l'.repeat(64)}@example.com`],
  ['D05', `${'l'.repeat(65)}@example.com`, undefined],
  ['D05', `a@${label(63)}.example`, `a@${label(63)}.example`],
  ['D05', `a@${label(64)}.example`, undefined],
  ['D05', `a@${`${label(60)}.`.repeat(5)}example`, undefined],
  ['D07', 'a@[127.0.0.1]', undefined],
  ['D07', 'a@127.0.0.1', undefined],
  ['D07', 'a@localhost', undefined],
  ['D07', 'a@example', undefined],
  ['D07', 'a@2130706433', undefined],
  ['D07', 'a@0x7f.1', undefined],
  ['D08', 'a@exämple.com', 'a@xn--exmple-cua.com'],
  ['D08', 'a@EXÄMPLE.com', 'a@xn--exmple-cua.com'],
  ['D08', 'ü@example.com', undefined],
  ['D08', 'a@gооd.example', 'a@xn--gd-fmca.example'],
  ['D08', 'a@example.com/evil', undefined],
  ['D08', 'a@ex%61mple.com', undefined],
  ['D10', 'a+tag@gmail.com', 'a+tag@gmail.com'],
];

const PHONES: [row: string, raw: string, number: string | undefined][] = [
  ['D11', '+46701234567', '+46701234567'],
  ['D11', '+1 (111) 111-1111', '+11111111111'],
  ['D11', '0046 70 123 45 67', '+46701234567'],
  ['D11', '111-111-1111', undefined],
  ['D11', '+46 70 CALL ME', undefined],
  ['D11', '4'.repeat(40), undefined],
  ['D11', `+${'4'.repeat(16)}`, undefined],
  ['D11', '+', undefined],
  ['D11', '', undefined],
  ['D11', '+0046701234567', undefined],
  ['D11', '++46701234567', undefined],
  ['D11', '+４６701234567', undefined],
  ['D11', '+46701234567\n', '+46701234567'],
  ['D11', '+46701234567,+46701234568', undefined],
  ['D17', 'ann@shop.example', undefined],
];

describe('addresses', () => {
  for (const [row, raw, expected] of EMAILS) {
    test(`${row}: the email address ${JSON.stringify(raw).slice(0, 60)} is ${expected === undefined ? 'refused' : 'taken'}`, () => {
      const parsed = parseEmailAddress(raw);
      assert.equal('problem' in parsed ? undefined : parsed.address, expected);
    });
  }

  for (const [row, raw, expected] of PHONES) {
    test(`${row}: the phone number ${JSON.stringify(raw).slice(0, 60)} is ${expected === undefined ? 'refused' : 'taken'}`, () => {
      assert.equal(parsePhoneNumber(raw), expected);
    });
  }

  test('whatever comes in, what comes out is one plain address that reads the same again', () => {
    const hostile = fc.constantFrom('@', '.', '\r\n', '\u0000', ',', ';', '<', '>', '"', ' ', 'ä', 'a', '例', 'xn--');
    const raw = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.emailAddress(),
      fc.array(fc.oneof(hostile, fc.string()), { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(raw, (text) => {
        const parsed = parseEmailAddress(text);
        if ('problem' in parsed) return;
        assert.match(parsed.address, /^[!#-'*+\-./0-9=?A-Z^-~]+@[a-z0-9.-]+$/);
        assert.deepEqual(parseEmailAddress(parsed.address), parsed);
        assert.equal(comparableEmail(text), comparableEmail(parsed.address));
      }),
      { numRuns: 2_000 },
    );
  });

  test('whatever comes in, a phone number that comes out is E.164 and reads the same again', () => {
    const digits = fc.array(fc.constantFrom('+', '0', '1', '4', '9', ' ', '-', '(', ')', '.', 'x', '٣'), {
      maxLength: 24,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          digits.map((parts) => parts.join('')),
        ),
        (text) => {
          const number = parsePhoneNumber(text);
          if (number === undefined) return;
          assert.match(number, /^\+[1-9][0-9]{7,14}$/);
          assert.equal(parsePhoneNumber(number), number);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
